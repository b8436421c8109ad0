"""The rows that drafts become."""

from __future__ import annotations

import json
import uuid

import pytest

import trails
from apitrail import entry
from apitrail.entry import Entry
from apitrail.trail import frames
from apitrail.trail.head import Head
from apitrail.trail.rows import (
    STRING_COLUMNS,
    Batch,
    Draft,
    Sealer,
    event_row,
    labels_text,
    strings_of,
)
from apitrail.trail.strings import Strings

KEY = bytes(range(32))


def sealed(*drafts: Draft, time: int = 5) -> tuple[Batch, Head]:
    batch, head, strings = Batch(), Head(), Strings(1)
    for each in drafts:
        Sealer().seal(batch, each, head=head, time=time, event_key=KEY, strings=strings)
        time -= 1
    return batch, head


def test_an_entry_commits_to_each_facet_with_a_salt_of_its_own():
    draft = trails.draft(1)
    batch, head = sealed(draft)
    [(index, data)] = batch.entries
    link = Entry.parse(data)
    assert (index, link.index, link.kind, head.size) == (0, 0, "api", 1)
    assert link.commitments == {
        tag: entry.commitment(entry.salt(KEY, tag), content)
        for tag, content in draft.facets.items()
    }
    stored = {tag: frames.decompress(frame) for _, tag, frame in batch.facets}
    assert stored == dict(draft.facets)
    assert batch.seals == [(0, KEY)]


def test_entries_are_chained_and_time_never_steps_back():
    batch, head = sealed(trails.draft(1), trails.draft(2), trails.book("close"))
    links = [Entry.parse(data) for _, data in batch.entries]
    assert [link.previous for link in links[1:]] == [link.hash for link in links[:-1]]
    assert [link.time for link in links] == [5, 5, 5]
    assert head.last == links[-1].hash


def test_an_entry_without_content_has_no_key_to_erase():
    batch, _ = sealed(Draft(kind="close", facets={}))
    assert (batch.seals, batch.facets) == ([], [])


def test_a_string_is_stored_once_and_used_by_its_number():
    batch, _ = sealed(trails.draft(0), trails.draft(3))
    assert len(set(batch.strings.values())) == len(batch.strings)
    users = {row[6 + STRING_COLUMNS.index("username")] for row in batch.events}
    assert users == {batch.strings["user0"]}


def test_a_call_is_found_by_its_id_time_and_strings():
    row = trails.draft(3).row
    assert row is not None
    numbers: dict[str, int] = {}

    def number(value: str | None) -> int | None:
        return None if value is None else numbers.setdefault(value, len(numbers))

    found = event_row(9, row, number)
    assert found[:6] == (9, uuid.UUID(row.id).bytes, row.time, row.read_only, 0, 0)
    named = {value: name for name, value in numbers.items()}
    assert [named.get(each) if isinstance(each, int) else None for each in found[6:]] == [
        "iam.amazonaws.com", row.name, row.username, row.access_key_id, row.region, row.source_ip,
        row.error, None, None,
    ]  # fmt: skip


def test_every_string_of_a_row_goes_through_the_dictionary():
    row = trails.draft(3, run="r1").row
    assert row is not None
    assert strings_of(row) == {
        "iam.amazonaws.com", row.name, row.username, row.access_key_id, "us-east-1", row.source_ip,
        "NoSuchEntity", "r1", *(text for resource in row.resources for text in resource),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "text"),
    [(None, "{}"), ({"b": "2", "a": "1"}, '{"a":"1","b":"2"}'), ({"ü": "x"}, '{"\\u00fc":"x"}')],
)
def test_labels_are_stored_in_one_form(labels, text):
    assert labels_text(labels) == text
    assert json.loads(text) == (labels or {})


def test_a_run_has_a_row_with_its_labels():
    batch, _ = sealed(trails.run("r1", {"team": "a"}))
    assert batch.runs == [(0, "r1", '{"team":"a"}')]


def test_only_what_is_to_be_kept_is_kept():
    batch = Batch()
    batch.sign(3, "note", keep=False)
    assert (batch.tail, batch.kept) == ([("note",)], [])
    batch.sign(3, "note", keep=True)
    assert batch.kept == [(3, "note")]


def test_tables_without_rows_are_not_touched():
    batch, _ = sealed(trails.book("close"))
    tables = [sql.split()[2].partition("(")[0] for sql, _ in batch.statements()]
    assert tables == ["entry", "seal", "facet", "book"]


@pytest.mark.parametrize(
    "facets",
    [{}, {"what": b"{}"}, {"resbody": b"", "who": b"x"}, {"weather": b"rain", "what": b"{}"}],
    ids=["none", "one", "out of order", "of a later version"],
)
@pytest.mark.parametrize("kind", ["api", "close"])
def test_an_entry_is_written_as_one_that_follows(kind, facets):
    batch, _ = sealed(Draft(kind=kind, facets=facets))
    [(_, data)] = batch.entries
    commitments = entry.commit(KEY, facets)
    follows = Entry.following(
        index=0, time=5, previous=entry.START, kind=kind, commitments=commitments
    )
    assert data == follows.data
    assert [tag for _, tag, _ in batch.facets] == list(commitments)
