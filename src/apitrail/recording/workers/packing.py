"""Drafts of entries as plain values, on their way from a worker to the process that has the trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from apitrail.query import Row
from apitrail.trail.rows import Draft

_PAIRS = ("resources", "labels")
_PLAIN = tuple(each.name for each in fields(Row) if each.name not in _PAIRS)
_values = attrgetter(*_PLAIN)


def packed(draft: Draft) -> list[object]:
    """A draft as lists; `unpacked` is the inverse."""
    labels = None if draft.labels is None else dict(draft.labels)
    row = None if draft.row is None else _packed_row(draft.row)
    return [draft.kind, dict(draft.facets), row, draft.run, labels]


def unpacked(plain: Sequence[Any]) -> Draft:
    """Inverse of `packed`."""
    kind, facets, row, run, labels = plain
    found = None if row is None else _unpacked_row(row)
    return Draft(kind=kind, facets=facets, row=found, run=run, labels=labels)


def _packed_row(row: Row) -> list[object]:
    pairs = [[list(pair) for pair in getattr(row, name)] for name in _PAIRS]
    return [*_values(row), *pairs]


def _unpacked_row(values: Sequence[Any]) -> Row:
    plain = dict(zip(_PLAIN, values, strict=False))
    resources, labels = (frozenset(map(tuple, pairs)) for pairs in values[len(_PLAIN) :])
    return Row(**plain, resources=resources, labels=labels)
