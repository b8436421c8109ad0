"""The pages are laid out as they lie in the repository, with what they link to."""

from __future__ import annotations

from docs.site import source


def test_files_that_a_page_links_to_come_along(tmp_path):
    root = tmp_path / "root"
    for name, text in {
        "README.md": "[rule](examples/rule.yml) ![p](docs/p.png) [out](../secret) [web](https://x.example/y)",
        "docs/a.md": "[rule](../examples/rule.yml#L1) [other](b.md)",
        "docs/site/look.css": "",
        "docs/p.png": "",
        "examples/rule.yml": "",
        "secret": "",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    source.lay_out(root, tmp_path / "into")
    source.bring(root, tmp_path / "into", tmp_path / "into")
    laid = {
        path.relative_to(tmp_path / "into").as_posix() for path in (tmp_path / "into").rglob("*.*")
    }
    assert laid == {
        "README.md",
        "docs/a.md",
        "docs/site/look.css",
        "docs/p.png",
        "examples/rule.yml",
    }


def test_links_to_the_repository_are_paths():
    link = "[x](https://github.com/apitrail/apitrail/blob/main/docs/lake.md#coverage)"
    assert source.near(link, "README.md") == "[x](docs/lake.md#coverage)"
    assert source.near(link, "docs/howto/ci.md") == "[x](../../docs/lake.md#coverage)"
