"""Where a server listens, and for whom."""

import pytest

from apitrail.address import Address
from apitrail.errors import UsageError
from apitrail.web.mcp import agent_serving


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80", "example.com:80"])
def test_others_cannot_reach_it(every, address):
    said = []
    with pytest.raises(UsageError, match="can be reached from other machines"):
        agent_serving.over_http(every, Address.parse(address), None, said.append)
    assert said == []


@pytest.mark.mcp
def test_a_token_is_made_and_said_once_where_none_is_given(every, monkeypatch):
    served, said = [], []
    monkeypatch.setattr(
        agent_serving.listener, "run", lambda app, _, ready: (served.append(app), ready())
    )
    agent_serving.over_http(every, Address.parse("127.0.0.1:0"), None, said.append)
    agent_serving.over_http(
        every, Address.parse("127.0.0.1:0"), "GIVEN0123456789ABCDEF", said.append
    )
    made, given = served
    assert made.token is not None
    assert made.token in said[0]
    assert (given.token, len(said)) == ("GIVEN0123456789ABCDEF", 3)
    assert "GIVEN" not in "".join(said)


def test_the_package_is_there():
    agent_serving.check_installed()
