"""The far ends of other processes' connections."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from apitrail.recording import connections
from machine import until

pytestmark = pytest.mark.skipif(not connections.PROC.exists(), reason="there is no /proc")


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
)
def test_a_descendants_connection_is_seen(family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(({host!r}, {port})).recv(1)"
        # Through a shell that stays, so that it is a grandchild.
        with connections.Watch(os.getpid()) as watch:
            child = subprocess.Popen(["sh", "-c", '"$@"; exit 0', "sh", sys.executable, "-c", code])
            far, _ = server.accept()
            until(lambda: (host, port) in watch.seen)
            far.close()
            child.wait()
    assert (host, port) in watch.seen


def test_a_process_that_is_gone_has_no_connections() -> None:
    done = subprocess.Popen(["true"])
    done.wait()
    assert connections.connections(done.pid) == set()
    assert list(connections.descendants(done.pid)) == []
