"""A recorder that hands out receipts, and a server of the proofs: each client keeps those of its calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import witnessing
from apitrail.places import clock
from apitrail.tlog.note import Verifier
from apitrail.trail.keys import Keys
from apitrail.web.app import application
from apitrail.web.content import Served
from machine import Machine


@contextmanager
def proving(machine: Machine) -> Iterator[tuple[dict[str, str], str, Verifier]]:
    """A client's variables, the server's URL without a slash, and the log's key."""
    config = machine.directory / "config"
    config.mkdir()
    (config / "config.toml").write_text("receipts = true\n")
    with machine.recording("--mode", f"reverse:{machine.endpoint}@0") as recorder:
        served = Served(machine.trail, clock)
        with witnessing.serving(application(served)) as url:
            key = Keys.of(machine.trail).signer().verifier
            yield {"AWS_ENDPOINT_URL": recorder.urls[0]}, url.rstrip("/"), key
