"""Listening, and an end when asked."""

import socket

import pytest

from apitrail.errors import UsageError
from apitrail.web import listener
from apitrail.web.host_check import Address


def test_a_free_port_is_taken_and_told():
    with listener.listen(Address.parse("127.0.0.1:0")) as listening:
        address = listener.bound(listening)
        assert address.port > 0
        assert address.is_loopback


def test_a_port_in_use_is_refused():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(UsageError, match="something listens on"):
            listener.listen(Address.parse(f"127.0.0.1:{other.getsockname()[1]}"))
