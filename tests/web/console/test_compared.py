"""Two calls beside each other."""

from __future__ import annotations

import trails
from apitrail.event import Event, dump, load
from apitrail.web.console import compared


def call(number, **changes):
    facets = trails.call(number)
    for tag, change in changes.items():
        facets[tag] = dump(load(facets[tag]) | change)
    return Event.parse(facets)


def test_only_what_differs_is_marked():
    made = {pair.path: pair for pair in compared.pairs(call(0), call(3))}
    assert made["who"].differs is False
    assert (made["asked UserName"].before, made["asked UserName"].now) == ("target0", "target3")
    assert made["outcome"].now == "NoSuchEntity"


def test_what_only_one_of_them_has_is_shown_and_ids_of_their_own_are_not():
    old = call(0, request={"parameters": {"UserName": "a", "Path": "/x/"}})
    new = call(
        0, response={"result": {"User": {"Tags": ["t"]}, "ResponseMetadata": {"RequestId": "1"}}}
    )
    made = {pair.path: (pair.before, pair.now) for pair in compared.pairs(old, new)}
    assert made["asked Path"] == ("/x/", None)
    assert made["answered User.Tags"] == (None, '["t"]')
    assert not any("Metadata" in path for path in made)
