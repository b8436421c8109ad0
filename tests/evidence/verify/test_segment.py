"""A run of entries checked by itself, from any source."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from apitrail import entry
from apitrail.entry import Entry
from apitrail.evidence.verify import Finding
from apitrail.evidence.verify.segment import Segment, walk
from apitrail.source import Contents, Facet
from apitrail.tlog import merkle

KEY = bytes(range(32))


@dataclass
class Listed:
    """Entries and contents in memory."""

    links: list[bytes]
    there: dict[int, Contents] = field(default_factory=dict)

    def entries(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        yield from self.links[start:stop]

    def contents(self, start: int, stop: int) -> Iterator[tuple[int, Contents]]:
        yield from ((i, c) for i, c in sorted(self.there.items()) if start <= i < stop)


def log(size: int, **odd: dict[str, object]) -> Listed:
    """Heartbeats; `at7={"time": 5}` makes entry 7 odd, and those after it fit to it."""
    made = Listed([])
    previous = entry.START
    for index in range(size):
        facets = {"what": b'{"n":%d}' % index}
        fields = {
            "index": index, "time": 1_000 + index, "previous": previous, "kind": "heartbeat",
            "commitments": entry.commit(KEY, facets),
        } | odd.get(f"at{index}", {})  # fmt: skip
        link = Entry.following(**fields)
        made.links.append(link.data)
        made.there[index] = Contents(KEY, {"what": Facet(None, facets["what"])})
        previous = link.hash
    return made


def whole(source: Listed, cut: int) -> Segment:
    joined = Segment(0, 0)
    for start in range(0, len(source.links), cut):
        joined.join(walk(source, start, min(start + cut, len(source.links))))
    return joined


@pytest.mark.parametrize("size", [0, 1, 256, 600, 1_024, 1_500])
def test_joined_pieces_are_the_whole(size):
    source = log(size)
    joined = whole(source, 512)
    assert joined == (walk(source, 0, size) if size else Segment(0, 0))
    assert joined.root() == merkle.root_of(map(merkle.leaf_hash, source.links))
    assert len(joined.heartbeats) == size


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"at7": {"index": 8}}, "entry 7: here stands what calls itself entry 8"),
        ({"at7": {"time": 5}}, "entry 7: it is older than the entry before it"),
        ({"at7": {"previous": bytes(32)}}, "entry 7: it does not follow the entry before it"),
        ({"at0": {"index": 256}}, "entry 0: here stands what calls itself entry 256"),
        ({"at512": {"time": 5}}, "entry 512: it is older than the entry before it"),
        ({"at512": {"previous": bytes(32)}}, "entry 512: it does not follow"),
    ],
)
def test_even_the_owner_of_the_key_cannot_sign_nonsense(odd, says):
    """Every hash after the odd entry fits to it; only the rule itself is broken."""
    with pytest.raises(Finding, match=says):
        whole(log(600, **odd), 512)


def test_what_starts_the_log_follows_nothing():
    with pytest.raises(Finding, match="entry 0: it does not follow the entry before it"):
        whole(log(3, at0={"previous": hashlib.sha256(b"").digest()}), 512)


def test_content_beside_the_entries_is_noticed():
    source = log(3)
    source.there[1] = Contents(KEY, source.there[1].facets)
    source.links.pop()
    with pytest.raises(Finding, match="entry 2: it is missing"):
        walk(source, 0, 3)
    source = log(3)
    source.there = {5: source.there[1], **source.there}
    source.contents = lambda *_: iter(sorted(source.there.items()))
    with pytest.raises(Finding, match="entry 5: content is kept that no entry commits to"):
        walk(source, 0, 3)


def test_a_bundle_may_hold_back_what_a_trail_must_keep():
    source = log(3)
    source.there[1] = Contents(None)
    assert walk(source, 0, 3, sealed=False).missing == {1: ("what",)}
    salt = entry.salt(KEY, "what")
    source.there[1] = Contents(None, {"what": Facet(salt, b'{"n":1}')})
    assert walk(source, 0, 3, sealed=False).missing == {}
    with pytest.raises(Finding, match="its event key is not as it was left"):
        walk(source, 0, 3)


@pytest.mark.parametrize("content", [b"x", b"[]", b"[" * 99_999, b'{"n":'])
def test_book_keeping_that_cannot_be_read_is_a_finding(content):
    commitments = entry.commit(KEY, {"what": content})
    source = log(3, at1={"kind": "open", "commitments": commitments})
    source.there[1] = Contents(KEY, {"what": Facet(None, content)})
    with pytest.raises(Finding, match="entry 1: facet 'what' is not"):
        walk(source, 0, 3)
