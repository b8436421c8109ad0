"""The site shows of a page what a forge shows."""

from __future__ import annotations

from docs.site import same


def test_list_that_only_a_forge_sees_is_told(tmp_path):
    (tmp_path / "a.md").write_text("# A\n\nthese:\n- one\n- two\n")
    (tmp_path / "a.html").write_text("<article><h1>A</h1><p>these:\n- one\n- two</p></article><li>")
    [problem] = same.problems(tmp_path, tmp_path)
    assert problem.startswith("a.md: on a forge it has 2 li, here 0")


def test_the_same_elements_are_no_problem(tmp_path):
    (tmp_path / "README.md").write_text("# A\n\n| a |\n|---|\n| *b* |\n")
    table = "<table><tr><th>a</th></tr><tr><td><em>b</em></td></tr></table>"
    (tmp_path / "index.html").write_text(f"<ul><li></ul><article><h1>A</h1>{table}</article>")
    assert list(same.problems(tmp_path, tmp_path)) == []
