"""What a later version may write: verified as bytes, and reported."""

from __future__ import annotations

from pathlib import Path

import trails
from apitrail.entry import TAGS
from apitrail.event import Event, dump
from apitrail.evidence.verify import Verdict
from apitrail.trail.reader import Reader
from apitrail.trail.rows import Draft
from apitrail.trail.statements import Target
from apitrail.trail.writer import Trail


def of_tomorrow(directory: Path) -> Path:
    """A trail with entries and a facet that this version does not know."""

    async def work(trail: Trail) -> None:
        await trail.append(trails.opening())
        await trail.append(Draft(kind="forecast", facets={"what": dump({"sky": "clear"})}))
        known = trails.draft(1)
        await trail.append(
            Draft(kind="api", facets={**known.facets, "weather": b"fine"}, row=known.row)
        )
        await trail.append(
            Draft(kind="forecast", facets={"air": b"fresh", "what": b"\xff no JSON"})
        )

    trails.write(directory, work)
    return directory


def test_the_verdict_stays_ok_and_names_them(tmp_path: Path) -> None:
    report = trails.check(of_tomorrow(tmp_path / "trail"))
    assert report.verdict is Verdict.OK, report
    assert report.unknown == {"forecast": 2, "weather": 1}
    assert "3 entries with a kind or facet this apitrail does not know (forecast, weather)" in str(
        report
    )
    assert report.to_json()["unknown"] == {"forecast": 2, "weather": 1}


def test_they_never_count_as_a_close(tmp_path: Path) -> None:
    report = trails.check(of_tomorrow(tmp_path / "trail"), now=trails.T0 + 10**9)
    assert report.verdict is Verdict.STALE


def test_their_bytes_are_held_against_the_entry(tmp_path: Path) -> None:
    trail = of_tomorrow(tmp_path / "trail")
    with trails.forge(trail) as database:
        database.execute(
            "UPDATE facet SET data = (SELECT data FROM facet WHERE tag = 'air') WHERE tag = 'weather'"
        )
    report = trails.check(trail)
    assert report.verdict is Verdict.TAMPERED
    assert "facet 'weather' was altered" in report.message


def test_events_are_read_without_what_is_not_known(tmp_path: Path) -> None:
    with Reader(of_tomorrow(tmp_path / "trail")) as reader:
        assert Event.parse(reader.facets(2)).record()["eventName"] == "GetUser"


def test_erasing_all_of_an_event_erases_that_too(tmp_path: Path) -> None:
    trail = of_tomorrow(tmp_path / "trail")
    trails.write(
        trail, lambda opened: opened.erase([Target(2, TAGS)]), clock=trails.Clock(trails.T0 + 5_000)
    )
    report = trails.check(trail)
    assert report.verdict is Verdict.OK, report
    assert report.erasures == 1
    with trails.forge(trail) as database:
        assert database.execute("SELECT count(*) FROM facet WHERE idx = 2").fetchone() == (0,)
