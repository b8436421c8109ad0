"""Rates: calls and errors of an operation (of all callers, and of one) against what is usual.

Counts are kept for windows of five minutes and of an hour: their mean and variance over all hours
and over the same hour of the day, and the highest. A day's weight falls by a tenth a day, and what
was part of an insight counts only up to the limit that it broke, so that an attack teaches little.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace

from apitrail.insights.insight import END, EVIDENCE, START, Attribution, Insight, shares
from apitrail.insights.seen import Seen
from apitrail.insights.tail import tail
from apitrail.insights.thresholds import DAY, FIVE_MINUTES, HOUR, MINUTE, Thresholds

KEPT_A_DAY = 0.9
PEAK_KEPT_A_DAY = 0.975
# An insight ends after so many windows that are again below half of its limit.
CALM_WINDOWS = 2


class Moments:
    """Sum and sum of squares of counts, of which older days weigh less. A window without a call is
    not added."""

    __slots__ = ("day", "squares", "total")

    def __init__(self) -> None:
        self.total = self.squares = 0.0
        self.day = 0

    def age(self, day: int) -> None:
        """Days went by."""
        kept = KEPT_A_DAY ** min(400, day - self.day)
        self.total *= kept
        self.squares *= kept
        self.day = day

    def of(self, windows: float, day: int) -> tuple[float, float]:
        """Mean and variance over so many windows, with or without calls."""
        if day != self.day:
            self.age(day)
        mean = self.total / windows
        return mean, max(0.0, self.squares / windows - mean * mean)


class Counts:
    """The windows of one length; those of an hour are also known by the hour of the day."""

    __slots__ = ("all", "check", "count", "floor", "hours", "length", "number", "peak")

    def __init__(self, length: int, floor: int) -> None:
        self.length = length
        self.floor = self.check = float(floor)
        self.number = -1
        self.count = 0
        self.peak = 0.0
        self.all = Moments()
        self.hours: list[Moments] | None = None

    def twin(self) -> Counts:
        """Another one that counted the same."""
        found = copy(self)
        found.all = copy(self.all)
        found.hours = None if self.hours is None else [copy(each) for each in self.hours]
        return found

    def turn(self, number: int, times: float) -> None:
        """A new window begins; the last one is learnt."""
        # Written out: each call turns some four windows.
        if self.number >= 0:
            start = self.number * self.length
            day = start // DAY
            learnt: float = self.count
            if learnt >= self.floor:
                # An attack teaches no more than the limit that it broke.
                learnt = min(learnt, self.limit(times))
            squared = learnt * learnt
            moments = self.all
            peak = self.peak
            if day != moments.day:
                peak *= PEAK_KEPT_A_DAY ** min(400, day - moments.day)
                moments.age(day)
            moments.total += learnt
            moments.squares += squared
            if self.length == HOUR:
                if self.hours is None:
                    self.hours = [Moments() for _ in range(24)]
                moments = self.hours[start % DAY // HOUR]
                if day != moments.day:
                    moments.age(day)
                moments.total += learnt
                moments.squares += squared
            # Comparisons take half as long as `max`.
            self.peak = learnt if learnt > peak else peak  # noqa: FURB136
        self.number = number
        self.count = 0
        # Most series never come near the floor.
        check = self.peak * times
        self.check = check if check > self.floor else self.floor  # noqa: FURB136

    def limit(self, times: float) -> float:
        """Fewer calls are not looked at."""
        limit = self.peak * times
        return max(limit, self.floor)

    def unusual(self, first: int) -> tuple[float, float]:
        """The chance of so many calls, over all hours and at this hour, whichever is greater; and
        the mean of a window."""
        start = self.number * self.length
        day = start // DAY
        # How many days there are, each weighing as much as its counts do.
        age = max(1.0, (start - first) / DAY)
        days = (1 - KEPT_A_DAY**age) / (1 - KEPT_A_DAY)
        mean, variance = self.all.of(days * DAY / self.length, day)
        chance = tail(self.count, mean, variance)
        if self.hours is not None:
            hour = self.hours[start % DAY // HOUR]
            chance = max(chance, tail(self.count, *hour.of(days * HOUR / self.length, day)))
        return chance, mean


@dataclass(slots=True)
class Open:
    """An insight that has not ended."""

    insight: Insight
    limit: float
    calls: int = 0
    calm: int = 0


class Series:
    """The calls of one operation, or of one caller to it, or with one error.

    That of an operation leads to those of its callers and errors.
    """

    __slots__ = (
        "callers", "days", "errors", "first", "last_day", "long", "only", "open", "recent", "short",
    )  # fmt: skip

    def __init__(self, time: int, limits: Thresholds) -> None:
        self.first = time
        self.days = 0
        self.last_day = -1
        self.short = Counts(FIVE_MINUTES, limits.rate_count)
        self.long = Counts(HOUR, limits.rate_count_hour)
        # The last calls of this hour and the one before.
        self.recent: deque[Seen] = deque(maxlen=EVIDENCE)
        self.open: Open | None = None
        # As long as one caller alone calls this, its series is this one.
        self.only = ""
        self.callers: dict[str, Series] = {}
        self.errors: dict[str, Series] = {}

    def twin(self, limits: Thresholds) -> Series:
        """Another one that has seen the same calls."""
        found = Series(self.first, limits)
        found.days, found.last_day = self.days, self.last_day
        found.short, found.long = self.short.twin(), self.long.twin()
        found.recent = self.recent.copy()
        return found

    def add(self, call: Seen, number: int, times: float) -> Counts | None:
        """One more, in this window of five minutes; the window that it makes worth a look."""
        if self.open is not None:
            self.open.calls += 1
        self.recent.append(call)
        short, long = self.short, self.long
        if number != short.number:
            short.turn(number, times)
            if (hour := call.time // HOUR) != long.number:
                self._turn(hour, times)
        short.count += 1
        long.count += 1
        if short.count >= short.check:
            found = short
        elif long.count >= long.check:
            found = long
        else:
            return None
        # Looked at again when there are a fifth more.
        found.check = found.count * 1.2
        return found

    def _turn(self, hour: int, times: float) -> None:
        recent, oldest = self.recent, (hour - 1) * HOUR
        while recent[0].time < oldest:
            recent.popleft()
        self.long.turn(hour, times)
        if (day := hour * HOUR // DAY) != self.last_day:
            self.last_day = day
            self.days += 1


class Rates:
    """The detector."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._limits = thresholds
        # By operation.
        self._series: dict[str, Series] = {}
        self._number = 0
        self._open: dict[tuple[str, ...], Series] = {}
        self._found = 0
        self._window = 0

    def see(self, call: Seen) -> Sequence[Insight]:
        """Learn a call; tell what it completes."""
        told: Sequence[Insight] = ()
        window = call.time // FIVE_MINUTES
        if window != self._window:
            self._window = window
            self._found = 0
            if self._open:
                told = list(self._ended(call.time))
        times = self._limits.rate_times
        general = self._series.get(call.operation)
        if general is None:
            general = self._series[call.operation] = self._new(call)
            general.only = call.caller
        elif general.only and general.only != call.caller:
            self._number += 1
            general.callers[general.only] = general.twin(self._limits)
            general.only = ""
        if (counts := general.add(call, window, times)) is not None:
            told = [*told, *self._judge((call.operation,), general, call, counts)]
        if general.only != call.caller:
            told = self._see_caller(general, call, window, told)
        if call.error:
            told = [*told, *self._see_error(general, call, window)]
        return told

    def _see_caller(
        self, general: Series, call: Seen, window: int, told: Sequence[Insight]
    ) -> Sequence[Insight]:
        own = general.callers.get(call.caller)
        if own is None:
            own = general.callers[call.caller] = self._new(call)
        # One burst is told once: of all callers, and only else of the one.
        counts = own.add(call, window, self._limits.rate_times)
        if counts is None or general.open is not None:
            return told
        return [*told, *self._judge((call.operation, call.caller), own, call, counts)]

    def _see_error(self, general: Series, call: Seen, window: int) -> Iterable[Insight]:
        failed = general.errors.get(call.error)
        if failed is None:
            failed = general.errors[call.error] = self._new(call)
        counts = failed.add(call, window, self._limits.rate_times)
        key = call.operation, "", call.error
        return () if counts is None else self._judge(key, failed, call, counts)

    def _new(self, call: Seen) -> Series:
        self._number += 1
        return Series(call.time, self._limits)

    def _judge(
        self, key: tuple[str, ...], series: Series, call: Seen, counts: Counts
    ) -> Iterator[Insight]:
        limits = self._limits
        young = call.time - series.first < limits.rate_age or series.days <= limits.rate_days
        if young or series.open is not None:
            return
        chance, mean = counts.unusual(series.first)
        # Benjamini and Hochberg's step: the more was found in this window, the less it takes.
        if chance > limits.false_discovery * (1 + self._found) / self._number:
            return
        self._found += 1
        insight = _insight(key, call, series, counts, mean)
        series.open = Open(insight, counts.peak * limits.rate_times, calls=counts.count)
        self._open[key] = series
        yield insight

    def _ended(self, time: int) -> Iterator[Insight]:
        for key, series in list(self._open.items()):
            opened = series.open
            if opened is None:
                continue
            now = time // FIVE_MINUTES
            count = series.short.count if series.short.number >= now - 1 else 0
            opened.calm = opened.calm + 1 if count < max(1.0, opened.limit / 2) else 0
            if opened.calm >= CALM_WINDOWS:
                series.open = None
                del self._open[key]
                yield _end(opened, time)


def _end(opened: Open, time: int) -> Insight:
    minutes = max(1, (time - opened.insight.began) // MINUTE)
    return replace(opened.insight, state=END, time=time, average=round(opened.calls / minutes, 10))


def _insight(
    key: tuple[str, ...], call: Seen, series: Series, counts: Counts, mean: float
) -> Insight:
    start = counts.number * counts.length
    calls = [each for each in series.recent if each.time >= start]
    minutes = max(1, (call.time - start) // MINUTE + 1)
    usual = round(mean / (counts.length / MINUTE), 10)
    callers = {each.caller for each in calls}
    one = key[1] if len(key) == 2 else callers.pop() if len(callers) == 1 else ""
    error = key[2] if len(key) == 3 else None
    length = "five minutes" if counts.length == FIVE_MINUTES else "an hour"
    what = f"{call.operation} failed with {error}" if error else f"{call.operation} was called"
    return Insight(
        kind="error-rate" if error else "rate", name=length, state=START, time=call.time,
        began=start, source=call.service, operation=call.name, caller=one, region=call.region,
        account=call.account, events=tuple(each.id for each in calls), error=error,
        why=(f"{what} {counts.count} times in {length}; the most before was {counts.peak:.0f}",),
        average=round(counts.count / minutes, 10), baseline=usual, category=call.category,
        baseline_minutes=(start - series.first) // MINUTE,
        attributions=_attributions(calls, minutes),
    )  # fmt: skip


def _attributions(calls: list[Seen], minutes: int) -> tuple[Attribution, ...]:
    values = {
        "userIdentityArn": Counter(call.arn for call in calls),
        "userAgent": Counter(call.user_agent for call in calls),
        "errorCode": Counter(call.error or "null" for call in calls),
    }
    return tuple(
        Attribution(attribute=attribute, insight=shares(counts, minutes))
        for attribute, counts in values.items()
    )
