"""HOST:PORT, and a socket that listens there."""

from __future__ import annotations

import socket

import pytest

from apitrail.address import Address, listen
from apitrail.errors import UsageError


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8484", Address("127.0.0.1", 8484), True),
        ("[::1]:0", Address("::1", 0), True),
        ("localhost:80", Address("localhost", 80), True),
        ("127.1.2.3:80", Address("127.1.2.3", 80), True),
        ("0.0.0.0:80", Address("0.0.0.0", 80), False),
        ("[::]:80", Address("::", 80), False),
        ("trail.example:80", Address("trail.example", 80), False),
    ],
)
def test_addresses(text, address, loopback):
    assert Address.parse(text) == address
    assert str(address) == text
    assert address.is_loopback is loopback


@pytest.mark.parametrize(
    "text", ["8484", ":8484", "127.0.0.1", "127.0.0.1:", "h:x", "h:65536", "h:\u0663", ""]
)
def test_what_is_no_address(text):
    with pytest.raises(UsageError, match="not an address"):
        Address.parse(text)


def test_a_free_port_is_taken_and_told():
    with listen(Address.parse("127.0.0.1:0")) as bound:
        address = Address.of(bound)
        assert address.host == "127.0.0.1"
        assert address.port > 0


def test_localhost_is_where_ipv4_clients_look():
    with listen(Address("localhost", 0)) as bound:
        assert Address.of(bound).host == "127.0.0.1"


def test_a_port_in_use_is_refused():
    with listen(Address("127.0.0.1", 0)) as other, pytest.raises(UsageError) as refused:
        listen(Address.of(other))
    assert "something listens on 127.0.0.1" in str(refused.value)
    assert refused.value.hint == "--listen 127.0.0.1:0 takes a port that is free"


@pytest.mark.parametrize("host", ["nowhere.invalid", "192.0.2.1"])
def test_a_host_that_is_not_this_machine_is_refused(host):
    with pytest.raises(UsageError, match=f"cannot listen on {host}:1"):
        listen(Address(host, 1))


def test_answers_are_not_held_back_by_the_network_stack():
    # What asyncio looks at before it turns Nagle's algorithm off.
    with listen(Address("127.0.0.1", 0)) as bound:
        assert bound.proto == socket.IPPROTO_TCP
