"""What a recorder counts, as Prometheus reads it. No metric has a label: no name or key is told."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from apitrail.recording.alerts.alert_follower import Figures
from apitrail.recording.recorder import Recorder
from apitrail.trail.writer import Trail

COMMIT = "apitrail_commit_seconds"


class _Counted(Collector):
    def __init__(self, recorder: Recorder, trail: Trail, alerts: Figures | None) -> None:
        self._recorder = recorder
        self._trail = trail
        self._alerts = alerts

    def collect(self) -> Iterator[Metric]:
        """Everything as it is now."""
        recorder, trail, tally = self._recorder, self._trail, self._recorder.tally
        counters = (
            ("calls", "Calls whose entry was written or is owed.", tally.calls),
            ("refused", "Calls refused because they could not be recorded.", recorder.refusals.total),
            ("rejected", "Calls refused because their signature is wrong.", tally.rejected),
            ("ambiguous", "Calls refused because they can be read in two ways.", tally.ambiguous),
            ("denied", "Calls that a guard refused.", tally.denied),
            ("doubts", "Calls that were recorded with a doubt.", tally.doubts),
        )  # fmt: skip
        gauges = (
            ("in_flight", "Calls that were let through and are not answered yet.", recorder.flying),
            ("held", "Calls that wait for an approval.", len(recorder.holding.held)),
            ("queue", "Intents and entries that wait for the disk.", trail.queued),
            ("owed", "Entries that the disk has refused and that are to be written.", trail.owed),
            ("entries", "Entries of the log.", trail.size),
            ("wal_bytes", "The write-ahead log, which grows while somebody reads at length.", trail.wal_bytes),
            ("lag_seconds", "How long the oldest entry waits that is not durable yet.", recorder.commits.lag(trail.owed)),
            ("ready", "1 while calls can be recorded, as /readyz says.", recorder.unready is None),
        )  # fmt: skip
        for name, text, value in counters:
            yield CounterMetricFamily(f"apitrail_{name}", text, value=value)
        for name, text, now in gauges:
            yield GaugeMetricFamily(f"apitrail_{name}", text, value=now)
        if (unanchored := recorder.unanchored()) is not None:
            text = "For how long there have been entries that no anchor has seen."
            yield GaugeMetricFamily("apitrail_unanchored_seconds", text, value=unanchored)
        if (unexamined := recorder.unexamined()) is not None:
            text = "Entries that insights have not looked at yet."
            yield GaugeMetricFamily("apitrail_insights_behind", text, value=unexamined)
        if (silent := recorder.silent()) is not None:
            text = "Workers that do not answer."
            yield GaugeMetricFamily("apitrail_workers_silent", text, value=silent)
        if self._alerts is not None:
            yield from _of_alerts(self._alerts)
        text = "How long entries took to become durable."
        commits = recorder.commits
        yield HistogramMetricFamily(
            COMMIT, text, buckets=commits.buckets, sum_value=commits.seconds
        )


def _of_alerts(alerts: Figures) -> Iterator[Metric]:
    counters = (
        ("alerts", "Alerts that rules have raised.", alerts.found),
        ("alert_deliveries", "Alerts that a sink has taken.", alerts.delivered),
        ("alert_failures", "Tries to deliver an alert that failed.", alerts.failed),
        ("alert_given_up", "Deliveries that nobody took for three days.", alerts.given_up),
        ("alert_rule_errors", "Entries that a rule could not judge.", alerts.errors),
    )
    for name, text, value in counters:
        yield CounterMetricFamily(f"apitrail_{name}", text, value=value)
    text = "Deliveries that wait for a sink."
    yield GaugeMetricFamily("apitrail_alert_waiting", text, value=alerts.waiting)
    text = "Entries that rules have not looked at yet."
    yield GaugeMetricFamily("apitrail_alert_behind", text, value=alerts.behind)


def registry(recorder: Recorder, trail: Trail, alerts: Figures | None = None) -> CollectorRegistry:
    """Everything that this recorder counts, and nothing of the process."""
    found = CollectorRegistry(auto_describe=False)
    found.register(_Counted(recorder, trail, alerts))
    return found
