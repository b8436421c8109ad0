"""A stand-in for AWS, and directories with tests of somebody else's in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from machine import KEY, SECRET, clean
from suites import Suite


@pytest.fixture(scope="session")
def stand_in() -> Iterator[str]:
    """The URL of a moto server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture
def suite(tmp_path: Path, stand_in: str) -> Suite:
    """Tests whose AWS is the stand-in."""
    home = tmp_path / "home"
    home.mkdir()
    return Suite(
        home,
        clean() | {
            "HOME": str(home), "APITRAIL_CONFIG": str(tmp_path / "config"),
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "eu-central-1", "AWS_ENDPOINT_URL": stand_in,
        },
    )  # fmt: skip
