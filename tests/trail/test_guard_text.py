"""Guards as the log keeps them."""

import trails
from apitrail.trail import guard_text
from apitrail.trail.reader import Reader


def test_a_guard_is_found_by_the_digest_of_its_text(tmp_path):
    drafts = [
        trails.opening(),
        trails.book("policy", name="a", sha256="aa", text="{}"),
        trails.book("policy", name="b", sha256="bb", text="[]"),
        trails.draft(0),
    ]
    trails.write(tmp_path / "trail", lambda trail: trails.append_each(trail, drafts))
    with Reader(tmp_path / "trail") as source:
        found = guard_text.find(source, "aa")
        assert found is not None
        assert (found.name, found.text) == ("a", "{}")
        assert guard_text.find(source, "cc") is None
