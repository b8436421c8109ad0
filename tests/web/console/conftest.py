"""One trail whose calls differ, and its pages."""

from __future__ import annotations

import pytest

import trails
from browsing import Pages


@pytest.fixture(autouse=True)
def configuration(tmp_path, monkeypatch):
    """Nothing of the user who runs the tests."""
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))


@pytest.fixture(scope="session")
def trail(tmp_path_factory):
    """A recorder's session: a run of two calls among twenty, names that need care, a stop."""
    place = tmp_path_factory.mktemp("console") / "trail"

    async def work(trail):
        await trail.append(trails.opening())
        await trail.append(trails.run("run-1", {"build": "1234"}))
        for number in range(20):
            within = {"run": "run-1", "labels": {"build": "1234"}} if number in (8, 9) else {}
            await trail.append(
                trails.draft(number, operator="ci" if number < 5 else None, **within)
            )
        await trail.append(trails.draft(20, name="CreateUser", user="<John>", resource="Mary & co"))
        await trail.append(trails.draft(21, name="GetRole", resource="notes.json"))
        await trail.append(trails.book("heartbeat", calls=22, tunnelled={}, in_flight=0))
        await trail.append(trails.book("close", reason="SIGTERM", calls=22))

    trails.write(place, work)
    return place


@pytest.fixture(scope="session")
def pages(trail):
    return Pages(trail)
