"""What alerts cost a call, and how soon they arrive: `python -m benchmarks.alerts`.

CPU is of the whole process while calls are written, 16 at a time, with the alerts of so many rules behind
the writer; each column is one way to write rules, none of which finds anything. A call is the one of
`benchmarks.trail`. Latency is from the moment an entry is durable, which is when the answer goes to the
client, to the end of a sink's work, at ten calls a second. TURNS=5 measures more often.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from apitrail.event import Event
from apitrail.reading.rules import rule_tables
from apitrail.recording.alerts.alert_settings import Alert
from apitrail.recording.alerts.alerting import Alerting
from apitrail.recording.alerts.sink import CommandSink, FileSink, Message, Sink
from apitrail.trail.rows import Draft
from apitrail.trail.writer import Trail
from benchmarks.trail import SIGNER, facets

CALLS = 2_000
AT_ONCE = 16
SENT = 60
SERVICES = ("iam", "ec2", "s3", "kms", "sts", "cloudtrail", "lambda", "rds", "ecs", "eks")
VERBS = ("Create", "Delete", "Put", "Update", "Attach")


def clock() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


def sigma(number: int, *, same_service: bool) -> str:
    """A rule as most are: a service, several names, and what is left out."""
    service = "ec2" if same_service else SERVICES[number % len(SERVICES)]
    detection = {
        "selection": {
            "eventSource": f"{service}.amazonaws.com",
            "eventName|startswith": [f"{verb}Thing{number}" for verb in VERBS],
        },
        "inside": {"sourceIPAddress|cidr": "192.0.2.0/24"},
        "condition": "selection and not inside",
    }
    rule = {"title": f"r{number}", "detection": detection, "logsource": {"product": "aws", "service": "cloudtrail"}}  # fmt: skip
    return json.dumps(rule)


def of_sigma(
    directory: Path, rules: int, *, same_service: bool = False
) -> list[rule_tables.Watched]:
    """So many rules in one file."""
    path = directory / "rules.yml"
    path.write_text("\n---\n".join(sigma(each, same_service=same_service) for each in range(rules)))
    return [rule_tables.parse({"name": "a", "rule": "rules.yml"}, directory)]


def of_jmespath(directory: Path, rules: int) -> list[rule_tables.Watched]:
    """So many expressions."""
    form = "eventSource == '{}.amazonaws.com' && starts_with(eventName, 'Create{}')"
    expressions = [form.format(SERVICES[each % len(SERVICES)], each) for each in range(rules)]
    tables = [{"name": f"a{n}", "jmespath": each} for n, each in enumerate(expressions)]
    return [rule_tables.parse(table, directory) for table in tables]


def of_filters(directory: Path, rules: int) -> list[rule_tables.Watched]:
    """So many filters."""
    tables = [{"name": f"a{n}", "filter": {"event-name": f"iam:Create{n}*"}} for n in range(rules)]
    return [rule_tables.parse(table, directory) for table in tables]


def draft(number: int) -> Draft:
    """A call of usual size."""
    content = facets(number)
    return Draft(kind="api", facets=content, row=Event.parse(content).row())


async def written(directory: Path, alerts: list[Alert]) -> float:
    """Microseconds of CPU a call, until all were judged."""
    drafts = [draft(number) for number in range(CALLS)]
    async with await Trail.open(directory, signer=SIGNER, clock=clock) as trail:
        alerting = Alerting(trail, alerts, clock, print)
        await alerting.begin()
        began = time.process_time()
        for start in range(0, CALLS, AT_ONCE):
            await asyncio.gather(*(trail.append(each) for each in drafts[start : start + AT_ONCE]))
        await alerting.ended()
        return 1e6 * (time.process_time() - began) / CALLS


class Timed:
    """A sink that remembers when each entry had arrived."""

    def __init__(self, sink: Sink) -> None:
        self.name, self.shown, self.patience = sink.name, sink.shown, sink.patience
        self.arrived: dict[int, float] = {}
        self._sink = sink

    async def send(self, message: Message) -> None:
        """As the sink itself."""
        await self._sink.send(message)
        self.arrived[json.loads(message.body)["entry"]] = time.perf_counter()


async def latency(directory: Path, sink: Sink) -> list[float]:
    """Milliseconds from a durable entry to the end of the sink's work."""
    timed, durable = Timed(sink), dict[int, float]()
    watched = rule_tables.parse({"name": "a", "jmespath": "eventName"}, directory)
    async with await Trail.open(directory / "t", signer=SIGNER, clock=clock) as trail:
        alerting = Alerting(trail, [Alert(watched, (timed,))], clock, print)
        await alerting.begin()
        for number in range(SENT):
            index = await trail.append(draft(number))
            durable[index] = time.perf_counter()
            await asyncio.sleep(0.1)
        await alerting.ended()
    return sorted(1000 * (timed.arrived[index] - at) for index, at in durable.items())


def in_directory[T](work: Callable[[Path], T]) -> T:
    """In one of its own."""
    with tempfile.TemporaryDirectory() as name:
        return work(Path(name))


def main() -> None:
    """Print both tables."""
    turns = int(os.environ.get("TURNS", "3"))
    ways: dict[str, Callable[[Path, int], list[rule_tables.Watched]]] = {
        "sigma": of_sigma,
        "sigma, all of the call's service": lambda place, n: of_sigma(place, n, same_service=True),
        "jmespath": of_jmespath,
        "filter": of_filters,
    }

    def cost(way: str, rules: int) -> float:
        def measured(place: Path) -> float:
            sink = FileSink(place / "alerts.jsonl", 10.0)
            alerts = [Alert(each, (sink,)) for each in ways[way](place, rules)] if rules else []
            return asyncio.run(written(place / "t", alerts))

        return min(in_directory(measured) for _ in range(turns))

    base = cost("sigma", 0)
    print(f"no alerts: {base:.0f} µs of CPU a call (the writer alone)")
    for way in ways:
        figures = ", ".join(f"{n} rules +{cost(way, n) - base:.0f}" for n in (1, 10, 50))
        print(f"{way}: {figures}")
    sinks: dict[str, Callable[[Path], Sink]] = {
        "file": lambda place: FileSink(place / "alerts.jsonl", 10.0),
        "command": lambda _: CommandSink(("true",), 10.0),
    }
    for name, sink in sinks.items():
        found = in_directory(lambda place, sink=sink: asyncio.run(latency(place, sink(place))))  # type: ignore[misc]
        p50, p99 = statistics.median(found), found[int(len(found) * 0.99)]
        print(f"{name}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, most {found[-1]:.1f} ms")


if __name__ == "__main__":
    main()
