"""Logs of calls that passed under tickets: true ones, and each way in which one can be false."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

from apitrail.event import Event, dump
from apitrail.tlog import note
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail
from trails import SIGNER, Clock, append_each, book, call, opening, write

type Story = list[tuple[str, int | None]]
"""Steps of the ticket `t1`, or of another: `used t2`; each with the number of the call that it names."""

TRUE: dict[str, Story] = {
    "a held call": [("asked", 1), ("approved", 1), ("passed", 1)],
    "a ticket that was used": [("asked", 1), ("approved", None), ("used", 2), ("passed", 2)],
    "two tickets at once": [
        ("asked", 1), ("asked t2", 2), ("approved t2", 2), ("approved", 1), ("passed", 1), ("passed t2", 2),
    ],
    "a name that comes again": [
        ("asked", 1), ("approved", 1), ("passed", 1), ("asked", 2), ("approved", 2), ("passed", 2),
    ],
    "a call that never came back": [("asked", 1), ("approved", None), ("lapsed", None)],
    "a step of a later version": [("asked", 1), ("delegated", 1), ("passed", 1)],
}  # fmt: skip

FALSE: dict[str, tuple[Story, str]] = {
    "nobody approved it": ([("asked", 1), ("passed", 1)], "which nobody had approved"),
    "it was approved after": (
        [("asked", 1), ("passed", 1), ("approved", 1)],
        "which nobody had approved",
    ),
    "it was denied": ([("asked", 1), ("denied", 1), ("passed", 1)], "which was denied"),
    "it was denied, then approved": (
        [("asked", 1), ("denied", 1), ("approved", 1), ("passed", 1)],
        "which was denied",
    ),
    "it was approved, then denied": (
        [("asked", 1), ("approved", 1), ("denied", 1), ("passed", 1)],
        "which was denied",
    ),
    "another call was approved": (
        [("asked", 1), ("approved", 1), ("passed", 2)],
        "which was approved for another call",
    ),
    "another call used it": (
        [("asked", 1), ("approved", None), ("used", 1), ("passed", 2)],
        "which was approved for another call",
    ),
    "no entry says that it was used": (
        [("asked", 1), ("approved", None), ("passed", 1)],
        "and no entry before it says that it used the approval",
    ),
    "it was used without an approval": (
        [("asked", 1), ("used", 1), ("passed", 1)],
        "which nobody had approved",
    ),
    "it was used twice": (
        [("asked", 1), ("approved", None), ("used", 1), ("passed", 1), ("used", 2), ("passed", 2)],
        "which let entry 4 pass already",
    ),
    "it had lapsed": (
        [("asked", 1), ("approved", None), ("lapsed", None), ("used", 1), ("passed", 1)],
        "which had lapsed",
    ),
    "the approval is of another ticket": (
        [("asked", 1), ("asked t2", 1), ("approved t2", 1), ("passed", 1)],
        "which nobody had approved",
    ),
}

UNASKED: dict[str, Story] = {
    "nobody asked": [("approved", 1), ("passed", 1)],
    "it was asked for after": [("approved", 1), ("passed", 1), ("asked", 1)],
    "there is nothing but the call": [("passed", 1)],
}
"""False too; but what is a part of a log need not hold the question."""


def drafts(story: Story) -> list[Draft]:
    """The entries of a story."""
    return [_draft(*step.partition(" ")[::2], number) for step, number in story]


def _draft(step: str, ticket: str, number: int | None) -> Draft:
    name = ticket or "t1"
    if step == "passed":
        return passing(number or 0, name)
    event = {} if number is None else {"event": event_id(number)}
    return book("decision", ticket=name, step=step, guard="careful", **event)


def passing(number: int, ticket: str = "t1") -> Draft:
    """A call that passed under a ticket."""
    facets = call(number)
    what = json.loads(facets["what"])
    what["decision"] = {"effect": "allow", "ticket": ticket, "outcome": "approved"}
    facets = facets | {"what": dump(what)}
    return Draft(kind="api", facets=facets, row=Event.parse(facets).row())


def event_id(number: int) -> str:
    return str(UUID(int=number + 1))


def tell(directory: Path, story: Story, signer: note.NoteSigner = SIGNER) -> Path:
    """A trail of one session that holds the story from entry 1 on."""
    told = [opening(), *drafts(story), book("close", reason="SIGTERM", calls=1)]

    async def work(trail: Trail) -> None:
        await append_each(trail, told)

    write(directory, work, signer=signer, clock=Clock())
    return directory
