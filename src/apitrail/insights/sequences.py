"""Sequences: many different calls, or the same one again and again, in ten minutes.

Windows are of five minutes, and two of them are looked at together. What was the most before is
usual, whatever it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from apitrail.insights.caller import is_public
from apitrail.insights.habits import Caller
from apitrail.insights.insight import EVIDENCE, START, Attribution, Insight
from apitrail.insights.operations import SECRET_READS
from apitrail.insights.seen import Seen
from apitrail.insights.thresholds import DAY, FIVE_MINUTES, MINUTE, Thresholds

# A most that was seen loses this much a day.
KEPT_A_DAY = 0.97
# A network is new to a caller that seldom has a new one: the surprise that this takes.
SURPRISED = 1.2
# Runs of one key that follow each other this closely go on at the same time.
TOGETHER = 5 * MINUTE


class Window:
    """What was different in this window and in the one before: value → event ids."""

    __slots__ = ("before", "day", "now", "number", "peak", "told")

    def __init__(self) -> None:
        self.number = 0
        self.now: dict[str, str] = {}
        self.before: dict[str, str] = {}
        self.peak = 0.0
        self.day = 0
        self.told = -10

    def add(self, value: str, event: str, time: int) -> bool:
        """Was it not in the window yet?"""
        number = time // FIVE_MINUTES
        if number != self.number:
            self._turn(number, time // DAY)
        if value in self.now:
            return False
        self.now[value] = event
        return True

    def _turn(self, number: int, day: int) -> None:
        self.peak = max(self.peak * KEPT_A_DAY ** min(400, day - self.day), float(len(self.both)))
        self.day = day
        self.before = self.now if number == self.number + 1 else {}
        self.now = {}
        self.number = number

    @property
    def both(self) -> dict[str, str]:
        """The two windows together."""
        return self.before | self.now if self.before else self.now

    def reaches(self, floor: int, times: float, peak: float = 0.0) -> bool:
        """Is this more than usual? Told once an hour."""
        if len(self.now) + len(self.before) < floor or self.number < self.told + 12:
            return False
        if len(self.both) < max(float(floor), times * max(self.peak, peak)):
            return False
        self.told = self.number
        return True


class Repeats:
    """The same call again and again: how often in this window, and the most before."""

    __slots__ = ("count", "day", "events", "number", "peak", "told")

    def __init__(self) -> None:
        self.number = self.count = 0
        self.day = 0
        self.told = -10
        self.peak = 0.0
        self.events: list[str] = []

    def add(self, event: str, time: int) -> None:
        """One more."""
        number = time // FIVE_MINUTES
        if number != self.number:
            day = time // DAY
            kept = self.peak * KEPT_A_DAY ** min(400, day - self.day)
            self.peak, self.day = max(kept, float(self.count)), day
            self.number, self.count, self.events = number, 0, []
        self.count += 1
        if len(self.events) < EVIDENCE:
            self.events.append(event)

    def reaches(self, floor: int, times: float) -> bool:
        """Is this more than usual? Told once an hour."""
        if self.count < floor or self.number < self.told + 12 or self.count < times * self.peak:
            return False
        self.told = self.number
        return True


class Sequence:
    """What the detector keeps of one caller."""

    __slots__ = ("reads", "refusals", "repeats", "secrets", "since")

    def __init__(self, time: int) -> None:
        self.reads = Window()
        self.refusals = Window()
        self.secrets = Window()
        self.repeats: dict[tuple[str, str], Repeats] = {}
        self.since = time


class Sequences:
    """The detector."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._limits = thresholds
        self._callers: dict[str, Sequence] = {}
        # Key → run, time and event of its last call, and of the last one of another run.
        self._runs: dict[str, tuple[str, int, str]] = {}
        self._others: dict[str, tuple[str, int, str]] = {}
        # The most that any caller reached: the measure for one that is new.
        self._peaks = {"reads": 0.0, "refusals": 0.0, "secrets": 0.0}

    def see(self, call: Seen, caller: Caller) -> Iterable[Insight]:
        """Learn a call; tell what it completes."""
        kept = self._callers.get(caller.name)
        if kept is None:
            kept = self._callers[caller.name] = Sequence(call.time)
        if not (call.error or call.paged or call.run or call.name in SECRET_READS):
            # Most calls end here.
            if not call.read_only or not kept.reads.add(call.operation, call.id, call.time):
                return ()
            return self._enumeration(call, caller, kept) if call.kind != "AWSService" else ()
        return self._all(call, caller, kept)

    def _all(self, call: Seen, caller: Caller, kept: Sequence) -> Iterator[Insight]:
        if call.run and call.key:
            yield from self._two_runs(call, caller)
        if call.kind == "AWSService":
            return
        if call.error:
            yield from self._errors(call, caller, kept)
        elif call.paged:
            yield from self._pages(call, caller, kept)
        if call.read_only:
            if kept.reads.add(call.operation, call.id, call.time):
                yield from self._enumeration(call, caller, kept)
            if call.name in SECRET_READS and call.target:
                yield from self._secrets(call, caller, kept)

    def _peak(self, call: Seen, kept: Sequence, kind: str, window: Window) -> float:
        """A new caller is measured by what the others do."""
        self._peaks[kind] = max(self._peaks[kind], window.peak)
        return self._peaks[kind] * 0.75 if call.time - kept.since < DAY else 0.0

    def _enumeration(self, call: Seen, caller: Caller, kept: Sequence) -> Iterator[Insight]:
        limits, window = self._limits, kept.reads
        if len(window.now) + len(window.before) < limits.distinct_reads:
            return
        found = window.both
        services = {operation.partition(":")[0] for operation in found}
        peak = self._peak(call, kept, "reads", window)
        if len(services) >= limits.distinct_services and window.reaches(
            limits.distinct_reads, limits.times_the_peak, peak
        ):
            why = f"{len(found)} different reads of {len(services)} services in ten minutes; the most before was {window.peak:.0f}"
            yield _insight(call, caller, "enumeration", list(found.values()), why, window.peak)

    def _errors(self, call: Seen, caller: Caller, kept: Sequence) -> Iterator[Insight]:
        limits = self._limits
        if call.refused and kept.refusals.add(call.operation, call.id, call.time):
            window = kept.refusals
            peak = self._peak(call, kept, "refusals", window)
            if window.reaches(limits.distinct_refusals, limits.times_the_peak, peak):
                found = window.both
                why = f"{len(found)} different operations were refused in ten minutes; the most before was {window.peak:.0f}"
                yield _insight(call, caller, "refusals", list(found.values()), why, window.peak)
        repeats = kept.repeats.setdefault((call.operation, call.error), Repeats())
        repeats.add(call.id, call.time)
        login = call.error == "Failed authentication"
        floor = limits.failed_logins if login else limits.retries
        if repeats.count >= floor and repeats.reaches(floor, limits.times_the_peak):
            name = "failed-logins" if login else "retries"
            why = f"{call.operation} failed {repeats.count} times in five minutes with {call.error}; the most before was {repeats.peak:.0f}"
            yield _insight(call, caller, name, repeats.events, why, repeats.peak)

    def _pages(self, call: Seen, caller: Caller, kept: Sequence) -> Iterator[Insight]:
        repeats = kept.repeats.setdefault((call.operation, ""), Repeats())
        repeats.add(call.id, call.time)
        limits = self._limits
        if repeats.count >= limits.pages and repeats.reaches(limits.pages, limits.times_the_peak):
            why = f"{call.operation} asked for {repeats.count} pages in five minutes; the most before was {repeats.peak:.0f}"
            yield _insight(call, caller, "pagination", repeats.events, why, repeats.peak)

    def _secrets(self, call: Seen, caller: Caller, kept: Sequence) -> Iterator[Insight]:
        limits, window = self._limits, kept.secrets
        new = caller.window.get(("network", call.network))
        old = call.time - caller.slots.first > DAY
        if (
            new is not None
            and old
            and new.new_to_all
            and _surprised(caller, call)
            and not _moved_house(caller, call)
        ):
            new.new_to_all = False  # told once for each new network
            why = f"a secret was read from {call.network}, which is new to this caller"
            yield _insight(call, caller, "secret-from-new-network", [*new.events, call.id], why, 0)
        added = False
        for target in call.target.split(","):
            known = f"{call.operation} {call.target}" in caller.known["target"].values
            fresh = ("target", f"{call.operation} {call.target}") in caller.window
            if (fresh or not known) and window.add(target, call.id, call.time):
                added = True
        peak = self._peak(call, kept, "secrets", window)
        if added and window.reaches(limits.distinct_secrets, limits.times_the_peak, peak):
            found = window.both
            why = f"{len(found)} secrets that this caller never read were read in ten minutes"
            yield _insight(call, caller, "secrets", list(found.values()), why, window.peak)

    def _two_runs(self, call: Seen, caller: Caller) -> Iterator[Insight]:
        before, other = self._runs.get(call.key), self._others.get(call.key)
        self._runs[call.key] = call.run, call.time, call.id
        if before is None or before[0] == call.run:
            return
        # One run after the other is usual: it takes one that goes on after another began.
        self._others[call.key] = before
        if other is None or other[0] != call.run or call.time - other[1] > TOGETHER:
            return
        thing = "runs", call.key
        if caller.told.get(thing, 0) < call.time:
            caller.told[thing] = call.time + DAY
            why = f"the key {call.key} is used by two runs at once: {before[0]} and {call.run}"
            yield _insight(call, caller, "one-key-two-runs", [other[2], before[2], call.id], why, 0)


def _moved_house(caller: Caller, call: Seen) -> bool:
    """Is it the secret it always reads, with its usual program and a key of its own? Then the
    caller itself runs somewhere else now."""
    unusual = (
        ("agent", call.agent),
        ("moved", call.key),
        ("target", f"{call.operation} {call.target}"),
    )
    return not any(thing in caller.window for thing in unusual)


def _surprised(caller: Caller, call: Seen) -> bool:
    return is_public(call.network) and caller.surprise("network", call.time // DAY) >= SURPRISED


def _insight(
    call: Seen, caller: Caller, name: str, events: list[str], why: str, peak: float
) -> Insight:
    ids = tuple(dict.fromkeys(events))[-EVIDENCE:]
    average = round(len(ids) / 10, 10)
    return Insight(
        kind="sequence", name=name, state=START, time=call.time, began=call.time,
        source=call.service, operation=call.name, caller=caller.name, region=call.region,
        account=call.account, events=ids, why=(why,), average=average,
        baseline=round(peak / 10, 10), category=call.category, error=call.error or None,
        baseline_minutes=(call.time - caller.slots.first) // MINUTE,
        attributions=(
            Attribution(attribute="userIdentityArn", insight=((call.arn, average),)),
            Attribution(attribute="userAgent", insight=((call.user_agent, average),)),
            Attribution(attribute="errorCode", insight=((call.error or "null", average),)),
        ),
    )  # fmt: skip
