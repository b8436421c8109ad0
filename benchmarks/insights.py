"""How many attack stories the detectors tell, how often they cry wolf, and what a call costs.

`python -m benchmarks.insights` prints the figures of docs/insights.md. Each seed is a month of its
own: usual traffic alone gives the false alarms, and with the stories in it, the stories told.
SEEDS=1,2,3 chooses the months, SETS=known,held-out the sets; WHY=1 prints what was told wrongly and what was missed.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from apitrail.insights.insight import START, Insight
from apitrail.insights.seen import Seen, read
from apitrail.insights.watch import watch
from benchmarks import held_out_stories, stories
from benchmarks.held_out_traffic import OtherAccount
from benchmarks.stories import Story, injected
from benchmarks.traffic import DAY, Account, Record
from benchmarks.traffic import START as BEGIN

DAYS = 30
BASELINE = 7 * DAY
HOUR_MS = 3_600_000
GRACE_MS = 60_000


def ordered(records: Iterable[Record]) -> list[Seen]:
    """As `--replay` reads them."""
    return sorted((read(each) for each in records), key=lambda call: (call.time, call.id))


def alerts(found: Iterable[Insight], since: int) -> list[Insight]:
    """Starts after the baseline; those of one caller within an hour are one."""
    last: dict[str, int] = {}
    kept = []
    for insight in found:
        if insight.state != START or insight.time < since:
            continue
        who = insight.attributions[0].insight[0][0] if not insight.caller else insight.caller
        if insight.time - last.get(who, -HOUR_MS) >= HOUR_MS:
            kept.append(insight)
            last[who] = insight.time
    return kept


def aws_rule(calls: list[Seen]) -> Iterator[Insight]:
    """CloudTrail's own rule as far as it is published: writes a minute, and errors a minute, of an
    operation against their mean of seven days. Ten times the mean and twenty calls in five minutes
    stand for what is not published."""
    minute = 60_000
    history: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    told: dict[tuple[str, str], int] = {}
    for call in calls:
        keys = [] if call.read_only or call.category != "Management" else [(call.operation, "")]
        keys += (
            [(call.operation, call.error)] if call.error and call.category == "Management" else []
        )
        for key in keys:
            window = call.time // (5 * minute)
            counts = history[key]
            counts[window] += 1
            if counts[window] < 20 or window - told.get(key, -100) < 12:
                continue
            before = sum(n for w, n in counts.items() if window - 2016 <= w < window)
            if counts[window] / 5 > 10 * before / 10_080:
                told[key] = window
                events = tuple(each.id for each in calls_in(calls, call, key, window))
                yield Insight(
                    kind="rate", name="aws", state=START, time=call.time, began=call.time, source=call.service,
                    operation=call.name, caller=call.arn, region="", account="", events=events, why=(), average=0,
                    baseline=0, baseline_minutes=10_080,
                )  # fmt: skip


def calls_in(calls: list[Seen], last: Seen, key: tuple[str, str], window: int) -> Iterator[Seen]:
    """The calls of a series in a window, up to one of them."""
    index = _index(calls, last)
    while index >= 0 and calls[index].time // 300_000 == window:
        if calls[index].operation == key[0]:
            yield calls[index]
        index -= 1


def _index(calls: list[Seen], call: Seen) -> int:
    import bisect

    return (
        bisect.bisect_right(calls, (call.time, call.id), key=lambda each: (each.time, each.id)) - 1
    )


@dataclass(frozen=True)
class Kept:
    """A set of traffic and stories."""

    account: type[Account]
    stories: Sequence[Story]
    asked: Mapping[str, object]


# The detectors were made with the first, and are only measured with the other.
SETS = {
    "known": Kept(Account, stories.stories(), stories.PARAMETERS),
    "held-out": Kept(OtherAccount, held_out_stories.stories(), held_out_stories.PARAMETERS),
}


def month(kept: Kept, seed: int, why: bool) -> tuple[Counter[str], Counter[str]]:
    """Counts of everything for one seed, and stories missed by way."""
    figures: Counter[str] = Counter()
    benign = ordered(kept.account(seed, DAYS).records())
    since = (BEGIN + BASELINE) * 1000
    figures["calls"] = sum(call.time >= since for call in benign)
    started = time.process_time()
    found = list(watch(benign))
    figures["cpu_ns"] = int((time.process_time() - started) * 1e9)
    figures["all"] = len(benign)
    wrong = alerts(found, since)
    figures["false"] = len(wrong)
    for insight in wrong:
        figures[f"false {insight.kind}"] += 1
        if why:
            print(
                "  WOLF",
                iso(insight.time),
                insight.kind,
                insight.name,
                insight.operation,
                insight.caller[-40:],
                insight.why[:6],
            )
    figures["aws false"] = len(alerts(aws_rule(benign), since))
    account = kept.account(seed, DAYS)
    records = list(account.records())
    told = injected(account, seed, BEGIN + BASELINE, BEGIN + DAYS * DAY, kept.stories, kept.asked)
    for _, _, calls in told:
        records += calls
    mixed = ordered(records)
    tellers = by_event(watch(mixed))
    theirs = by_event(aws_rule(mixed))
    missed: Counter[str] = Counter()
    for story, way, calls in told:
        limit = max(read(call).time for call in calls) + GRACE_MS
        figures["stories"] += 1
        figures[f"stories {way}"] += 1
        if any(at <= limit for call in calls for at in tellers.get(str(call["eventID"]), ())):
            figures["told"] += 1
            figures[f"told {way}"] += 1
        else:
            missed[f"{story.name} {way}"] += 1
            if why:
                print("  MISS", iso(limit), story.name, way, calls[0]["userIdentity"]["arn"])
        if any(at <= limit for call in calls for at in theirs.get(str(call["eventID"]), ())):
            figures["aws told"] += 1
    return figures, missed


def by_event(found: Iterable[Insight]) -> dict[str, list[int]]:
    """Event → when a Start that rests on it was told."""
    times: dict[str, list[int]] = {}
    for insight in found:
        if insight.state == START:
            for event in insight.events:
                times.setdefault(event, []).append(insight.time)
    return times


def iso(milliseconds: int) -> str:
    """Readable."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%d %H:%M:%S")


def parsing(seed: int) -> float:
    """Microseconds to read one record, JSON and all."""
    lines = [json.dumps(each) for each in Account(seed, 2).records()]
    started = time.process_time()
    for line in lines:
        read(json.loads(line))
    return (time.process_time() - started) / len(lines) * 1e6


def main() -> None:
    """Print a line for each month and the sums."""
    seeds = [int(each) for each in os.environ.get("SEEDS", "101,102,103").split(",")]
    why = bool(os.environ.get("WHY"))
    sets = os.environ.get("SETS", ",".join(SETS)).split(",")
    for name in sets:
        print(f"-- {name}: {len(SETS[name].stories)} stories")
        measured(SETS[name], seeds, why)
    print(f"reading a record as well: {parsing(seeds[0]):.1f} µs")


def measured(kept: Kept, seeds: Sequence[int], why: bool) -> None:
    """The months of a set."""
    total: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    for seed in seeds:
        figures, left = month(kept, seed, why)
        total += figures
        missed += left
        print(f"seed {seed}: " + _line(figures), flush=True)
    print("all:      " + _line(total))
    print("false alarms by kind:", {k: n for k, n in total.items() if k.startswith("false ")})
    print(
        "told by way:",
        {
            way: f"{total[f'told {way}']}/{total[f'stories {way}']}"
            for way in ("stolen", "inside", "insider")
        },
    )
    print("missed:", dict(missed.most_common()))
    print(
        f"CloudTrail's rule: {total['aws told']} of {total['stories']} stories, {total['aws false'] / total['calls'] * 1e4:.2f} false alarms for 10,000 calls"
    )


def _line(figures: Counter[str]) -> str:
    return (
        f"{figures['told']}/{figures['stories']} stories told ({figures['told'] / figures['stories']:.0%}), "
        f"{figures['false']} false alarms in {figures['calls']} calls "
        f"({figures['false'] / figures['calls'] * 1e4:.2f} for 10,000), "
        f"{figures['cpu_ns'] / figures['all'] / 1000:.1f} µs a call"
    )


if __name__ == "__main__":
    main()
