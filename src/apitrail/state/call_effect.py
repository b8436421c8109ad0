"""One recorded call as far as states are concerned: what it showed, and what it may have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from apitrail.codec import Json, Object
from apitrail.event import Event, Resource
from apitrail.state import readings
from apitrail.state.alias import all_names
from apitrail.state.changing import Write, has_no_effect, words
from apitrail.state.observation import Answer, Observation, observations

# Of the values of one call so many are compared with what changed.
_MOST_WORDS = 400
# So long after it was sent a call that was not answered may still be carried out, in milliseconds.
UNANSWERED = 900_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEffect:
    """`write` is None for a call that changed nothing for sure."""

    index: int
    id: str
    started: int
    ended: int
    write: Write | None
    shown: tuple[Observation, ...]


def is_telling(service: str | None, operation: str | None) -> bool:
    """Does the table of readings say what its answer shows?"""
    return readings.find(service, operation) is not None


def effect(index: int, event: Event) -> CallEffect:
    """The call in an event; what its facets do not have is not shown."""
    call = event.call
    ended = call.time or 0
    started = ended if call.started is None else call.started
    return CallEffect(
        index=index,
        id=str(event.what.record.get("eventID")) if event.what else "",
        started=started,
        ended=ended,
        write=write_of(index, event),
        shown=shown(event),
    )


def shown(event: Event) -> tuple[Observation, ...]:
    """What the call in an event showed."""
    return tuple(observations(_answer(event))) if _is_answered(event) else ()


def _is_answered(event: Event) -> bool:
    call = event.call
    return (
        is_telling(call.service, call.operation)
        and event.request is not None
        and event.response is not None
        and call.failure is None
        and not any("answer" in each or "response" in each for each in call.problems)
    )


def _answer(event: Event) -> Answer:
    call, record = event.call, event.what.record if event.what else {}
    parameters = event.request.parameters if event.request else None
    return Answer(
        service=call.service or "",
        operation=call.operation or "",
        region=call.region or "",
        account=_account(event, record),
        upstream=call.upstream or "",
        parameters=parameters if isinstance(parameters, Mapping) else {},
        result=event.response.result if event.response else None,
        error=call.error or "",
    )


def _account(event: Event, record: Object) -> str:
    user = event.who.user if event.who else {}
    return str(record.get("recipientAccountId") or user.get("accountId") or "")


def write_of(index: int, event: Event) -> Write | None:
    """What the call may have changed; None where it changed nothing for sure."""
    call, what = event.call, event.what
    if what is None or what.stand_in or what.record.get("readOnly") is True:
        return None
    operation = call.operation or ""
    if has_no_effect(
        operation=operation, status=call.status, error=call.error or "",
        failed=call.failure is not None, management=what.record.get("managementEvent") is not False,
    ):  # fmt: skip
        return None
    ended = call.time or 0
    return Write(
        index=index, started=ended if call.started is None else call.started,
        # Nobody knows when a call was carried out that was not answered.
        ended=ended if call.ended is not None and call.failure is None else ended + UNANSWERED,
        service=call.service or "", operation=operation, names=_names(what.resources),
        undetermined=what.undetermined, words=_words(event),
    )  # fmt: skip


def _names(resources: tuple[Resource, ...]) -> frozenset[str]:
    return all_names(each for item in resources for each in (item.name, item.arn) if each)


def _words(event: Event) -> frozenset[str] | None:
    """What was asked and answered; None where there is too much of it, or it was not kept."""
    if event.request is None:
        return None
    told: list[Json] = [event.request.parameters]
    if event.response is not None and event.response.result is not None:
        told.append(event.response.result)
    found = frozenset(islice((text for each in told for text in words(each)), _MOST_WORDS + 1))
    return None if len(found) > _MOST_WORDS else found
