"""Silence: a caller that came at least once a day, and does not come any more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from apitrail.insights.insight import END, START, Attribution, Insight
from apitrail.insights.seen import Seen
from apitrail.insights.thresholds import DAY, HOUR, MINUTE, Thresholds

KEPT_A_DAY = 0.97


class Visits:
    """When a caller came, and how long it was away at most."""

    __slots__ = ("away", "calls", "days", "first", "last", "told")

    def __init__(self, call: Seen) -> None:
        self.first = call.time
        self.last = call
        self.away = 0.0
        self.days = 1
        self.calls = 1
        self.told: Insight | None = None

    def add(self, call: Seen) -> None:
        """The caller is here."""
        self.calls += 1
        last = self.last.time
        gap = call.time - last
        if gap > MINUTE:
            days = call.time // DAY - last // DAY
            away = self.away
            if days:
                self.days += 1
                away *= KEPT_A_DAY**days
            self.away = away if away > gap else float(gap)
        self.last = call


class Silences:
    """The detector. Time passes by the calls of others: where nobody calls, nothing is told."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._limits = thresholds
        self._visits: dict[str, Visits] = {}
        self._hour = 0

    def see(self, call: Seen) -> Sequence[Insight]:
        """Learn a call; tell who is missing, once an hour."""
        told: Sequence[Insight] = ()
        hour = call.time // HOUR
        if hour != self._hour:
            self._hour = hour
            told = list(self._missing(call.time))
        visits = self._visits.get(call.caller)
        if visits is None:
            self._visits[call.caller] = Visits(call)
            return told
        if visits.told is not None:
            told = [*told, _told(call.caller, visits, call.time, END, visits.told.began)]
            visits.told = None
        visits.add(call)
        return told

    def _missing(self, now: int) -> Iterator[Insight]:
        limits = self._limits
        for name, visits in self._visits.items():
            gap = now - visits.last.time
            if (
                visits.told is None
                and gap > HOUR
                and not visits.last.person
                and visits.days >= limits.silence_days
                and visits.away <= limits.silence_gap
                and gap > max(limits.silence_times * visits.away, DAY)
                and _on_workdays(visits.last.time, now) > limits.silence_times * visits.away
            ):
                visits.told = _told(name, visits, now, START, visits.last.time)
                yield visits.told


def _on_workdays(since: int, now: int) -> float:
    """How long it is, where Saturdays and Sundays count half: builds are few then, and may be none."""
    free = 0
    for day in range(since // DAY, now // DAY + 1):
        if (day + 3) % 7 > 4:  # the first day of Unix time was a Thursday
            free += min(now, (day + 1) * DAY) - max(since, day * DAY)
    return now - since - free / 2


def _told(name: str, visits: Visits, now: int, state: str, began: int) -> Insight:
    last = visits.last
    minutes = max(1, (last.time - visits.first) // MINUTE)
    usual = round(visits.calls / minutes, 10)
    hours = (now - began) // HOUR
    return Insight(
        kind="silence", name="caller", state=state, time=now, began=began, source=last.service,
        operation=last.name, caller=name, region=last.region, account=last.account,
        events=(last.id,), average=0.0, baseline=usual, baseline_minutes=minutes,
        category=last.category,
        why=(f"no call for {hours} hours; it was never away for more than {visits.away / HOUR:.0f}",),
        attributions=(
            Attribution(
                attribute="userIdentityArn", insight=((last.arn, 0.0),), baseline=((last.arn, usual),)
            ),
        ),
    )  # fmt: skip
