"""Leave to be missing: only what was named, before it was, and of kinds that may be erased."""

from __future__ import annotations

import sqlite3

import pytest

import trails
from apitrail import entry
from apitrail.evidence.verify import Finding, Verdict, erasures
from apitrail.evidence.verify.segment import Book, Segment
from apitrail.trail import destroy
from apitrail.trail.statements import ERASABLE, Erase, Target
from trails import check, make


def erase(directory, *targets: Target) -> None:
    async def work(trail) -> None:
        await trail.erase(targets)

    trails.write(directory, work)


def test_one_of_two_erased_facets_cannot_come_back(tmp_path):
    trail = make(tmp_path / "trail", 4)
    with sqlite3.connect(trail / "trail.db") as database:
        (key,) = database.execute("SELECT event_key FROM seal WHERE idx = 3").fetchone()
        (data,) = database.execute(
            "SELECT data FROM facet WHERE idx = 3 AND tag = 'resbody'"
        ).fetchone()
    erase(trail, Target(3, ("reqbody", "resbody")))
    assert check(trail).verdict is Verdict.OK
    with trails.forge(trail) as database:
        salt = entry.salt(key, "resbody")
        database.execute("INSERT INTO facet VALUES (3, 'resbody', ?, ?)", (salt, data))
    report = check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert "facet 'resbody' was erased, and is there" in report.message


def test_not_even_the_owner_of_the_key_erases_book_keeping(tmp_path, monkeypatch):
    trail = make(tmp_path / "trail", 4)
    with monkeypatch.context() as patch:
        patch.setattr(destroy, "ERASABLE", (*ERASABLE, "open"))
        erase(trail, Target(0, ("what",)))
    report = check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert "an entry of kind 'open' cannot be erased" in report.message


def test_nothing_is_erased_before_it_is_there():
    said = Erase((Target(7, ("who",)),))
    segment = Segment(0, 9, missing={7: ("who",)}, kinds={7: "api"})
    segment.books = [Book(8, 0, said)]
    assert erasures.check(segment) == 1
    segment.books = [Book(7, 0, said)]
    with pytest.raises(Finding, match="entry 7: it erases what came after it"):
        erasures.check(segment)
