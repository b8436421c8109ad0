"""Drafts, questions and decisions as plain values, on their way between a worker and the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from apitrail.iam.action import Action, Keys
from apitrail.policy.decision import Decision
from apitrail.policy.drawn import Drawn
from apitrail.policy.guard_question import Question
from apitrail.query import Row
from apitrail.trail.rows import Draft

_PAIRS = ("resources", "labels")
_PLAIN = tuple(each.name for each in fields(Row) if each.name not in _PAIRS)
_values = attrgetter(*_PLAIN)
_ACTION = tuple(each.name for each in fields(Action))
_of_action = attrgetter(*_ACTION)
_DECISION = tuple(each.name for each in fields(Decision))
_of_decision = attrgetter(*_DECISION)


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


# -- what guards are asked, and what they say ---------------------------------------------------


def packed_question(question: Question) -> list[object]:
    """A question as lists; `unpacked_question` is the inverse."""
    return [
        [list(_of_action(each)) for each in question.actions],
        dict(question.keys), list(question.unknown), question.doubt, question.who,
    ]  # fmt: skip


def unpacked_question(plain: Sequence[Any]) -> Question:
    """Inverse of `packed_question`."""
    actions, keys, unknown, doubt, who = plain
    return Question(
        actions=tuple(map(_unpacked_action, actions)), keys=_unpacked_keys(keys),
        unknown=frozenset(unknown), doubt=doubt, who=who,
    )  # fmt: skip


def _unpacked_action(values: Sequence[Any]) -> Action:
    plain = dict(zip(_ACTION, values, strict=True))
    plain["keys"] = _unpacked_keys(plain["keys"])
    if plain["resources"] is not None:
        plain["resources"] = tuple(plain["resources"])
    return Action(**plain)


def _unpacked_keys(plain: Mapping[str, Sequence[str]]) -> Keys:
    return {name: tuple(values) for name, values in plain.items()}


def packed_drawn(drawn: Drawn) -> list[object]:
    """What a call draws as lists; `unpacked_drawn` is the inverse."""
    return [list(drawn.actions), dict(drawn.scopes), dict(drawn.amounts)]


def unpacked_drawn(plain: Sequence[Any]) -> Drawn:
    """Inverse of `packed_drawn`."""
    actions, scopes, amounts = plain
    return Drawn(tuple(actions), scopes, amounts)


def packed_decision(decision: Decision) -> list[object]:
    """A decision as a list; `unpacked_decision` is the inverse."""
    return [*_of_decision(decision)]


def unpacked_decision(values: Sequence[Any]) -> Decision:
    """Inverse of `packed_decision`."""
    return Decision(**dict(zip(_DECISION, values, strict=True)))
