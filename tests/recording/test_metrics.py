"""What is counted of alerts, as Prometheus reads it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from prometheus_client import generate_latest

from apitrail.recording import metrics
from apitrail.recording.alerts.alert_follower import Figures
from proxying import recording


def test_alerts_are_counted_where_there_are_any(tmp_path: Path) -> None:
    async def scenario() -> tuple[str, str]:
        async with recording(tmp_path) as session:
            figures = Figures(
                found=3, delivered=2, failed=4, given_up=1, errors=5, waiting=6, behind=7
            )
            some = metrics.registry(session.recorder, session.trail, figures)
            none = metrics.registry(session.recorder, session.trail)
            return generate_latest(some).decode(), generate_latest(none).decode()

    some, none = asyncio.run(scenario())
    for name, value in (
        ("alerts_total", 3), ("alert_deliveries_total", 2), ("alert_failures_total", 4),
        ("alert_given_up_total", 1), ("alert_rule_errors_total", 5), ("alert_waiting", 6),
        ("alert_behind", 7),
    ):  # fmt: skip
        assert f"\napitrail_{name} {value}.0\n" in some
    assert "apitrail_alert" not in none


def test_it_says_how_far_insights_are_behind(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[insights]\nenabled = false\n")

    async def scenario(**settings: Path) -> str:
        async with recording(tmp_path / str(len(settings)), **settings) as session:
            return generate_latest(metrics.registry(session.recorder, session.trail)).decode()

    assert "\napitrail_insights_behind " in asyncio.run(scenario())
    off = asyncio.run(scenario(configuration=tmp_path / "config.toml"))
    assert "apitrail_insights_behind" not in off
