"""Modes that workers can share."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.recording.proxy.modes import check_shared, usual_workers


@pytest.mark.parametrize(
    "mode",
    [
        "regular", "regular@0.0.0.0:8080", "reverse:http://localhost:4566@4567",
        "reverse:https://example.com@4567", "upstream:http://proxy:3128", "socks5", "transparent",
    ],
)  # fmt: skip
def test_connections_of_tcp_can_be_handed_over(mode):
    check_shared([mode])


@pytest.mark.parametrize(
    "mode", ["wireguard", "dns", "reverse:dns://8.8.8.8", "reverse:udp://x:1", "reverse:quic://x:1", "tun"]
)  # fmt: skip
def test_others_are_refused_by_name(mode):
    with pytest.raises(UsageError, match=f"cannot share the mode {mode.split('@')[0]!r}") as raised:
        check_shared(["regular", mode])
    assert "--workers" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("modes", "cores", "workers"),
    [
        (["regular"], 2, 2), (["regular", "reverse:http://localhost:4566@4567"], 64, 2),
        (["regular"], 1, 0), (["regular", "dns"], 2, 0), (["local"], 2, 0), (["nonsense"], 2, 0),
        (["reverse:https://example.com@4567"], 2, 0),
    ],
)  # fmt: skip
def test_a_recorder_has_workers_where_they_give_something(modes, cores, workers):
    assert usual_workers(modes, cores) == workers
