"""Every link of the built pages leads somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import pytest
from docs.site import links

BAD = {
    '<a href="gone.html">x</a>': "'gone.html' leads to no page and no file",
    '<a href="b.html#gone">x</a>': "'b.html#gone' names no heading",
    '<a href="#gone">x</a>': "'#gone' names no heading",
    '<img src="gone.png">': "'gone.png' leads to no page and no file",
    '<script src="https://cdn.example/x.js"></script>': "fetches 'https://cdn.example/x.js'",
    '<script src="//cdn.example/x.js"></script>': "fetches '//cdn.example/x.js'",
    '<link rel="stylesheet" href="https://fonts.example/x">': "fetches 'https://fonts.example/x'",
    '<img src="https://badge.example/x.svg">': "fetches 'https://badge.example/x.svg'",
}
GOOD = """<h2 id="here">x</h2><a href="b.html#there">b</a><a href="#here">h</a><a href="sub/">s</a>
<a href="https://elsewhere.example/">e</a><img src="p.png"><img src="data:image/png;base64,AA==">
<a href="mailto:a@b.example">m</a><a href="with%20space.txt">w</a>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/index.html").write_text('<a href="../a.html">up</a>')
    (tmp_path / "b.html").write_text('<h2 id="there">x</h2>')
    (tmp_path / "p.png").write_bytes(b"")
    (tmp_path / "with space.txt").write_text("")
    (tmp_path / "a.html").write_text(GOOD)
    return tmp_path


def test_links_that_lead_somewhere_are_no_problem(site):
    assert list(links.problems(site)) == []


@pytest.mark.parametrize(("html", "said"), BAD.items())
def test_what_leads_nowhere_or_elsewhere_is_told(site, html, said):
    (site / "a.html").write_text(GOOD + html)
    [problem] = links.problems(site)
    assert problem.startswith(f"a.html: {said}")
