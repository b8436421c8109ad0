"""Who is let through: by Host, by Origin, by token."""

import asyncio
import base64

import pytest

from apitrail.errors import UsageError
from apitrail.web.host_check import Guard, new_token, parse_token

TOKEN = "APITRAIL0123456789ABCDEF"


async def _ours(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ours"})


def ask(guard, headers, query=b""):
    """Status and body of an answer to these headers."""
    sent = []
    scope = {
        "type": "http", "query_string": query,
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, None, send))
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8484", 200),
        ("127.0.0.1", 200),
        ("[::1]:8484", 200),
        ("192.0.2.1:80", 200),
        ("localhost:8484", 200),
        ("LOCALHOST", 200),
        ("trail.example", 200),
        ("trail.example.:8484", 200),
        ("evil.example", 403),
        ("trail.example.evil.example", 403),
        ("127.0.0.1.evil.example:8484", 403),
        ("localhost.evil.example", 403),
        ("", 403),
    ],
)
def test_only_hosts_that_cannot_be_rebound(host, status):
    assert ask(Guard(_ours, frozenset({"trail.example"})), {"Host": host})[0] == status


def test_a_request_without_host_is_refused():
    assert ask(Guard(_ours), {})[0] == 403


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:8484"])
def test_web_pages_are_refused(origin):
    assert ask(Guard(_ours), {"Host": "127.0.0.1", "Origin": origin})[0] == 403


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8484", "http://127.0.0.1:8484", 200),
        ("trail.example", "https://trail.example", 200),
        ("127.0.0.1:8484", "http://localhost:8484", 403),
        ("127.0.0.1:8484", "file://127.0.0.1:8484", 403),
    ],
)
def test_a_page_of_this_server_itself_is_let_through(host, origin, status):
    guard = Guard(_ours, frozenset({"trail.example"}))
    assert ask(guard, {"Host": host, "Origin": origin})[0] == status


@pytest.mark.parametrize(("mode", "status"), [("no-cors", 403), ("cors", 403), ("navigate", 200)])
def test_another_site_may_link_here_and_load_nothing(mode, status):
    headers = {"Host": "localhost", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": mode}
    assert ask(Guard(_ours), headers)[0] == status


def test_a_browser_is_asked_for_the_token_as_a_password():
    guard = Guard(_ours, token=TOKEN)
    page = {"Host": "127.0.0.1", "Accept": "text/html,*/*"}
    assert ask(guard, page)[0] == 401
    for name, status in ((f"me:{TOKEN}", 200), (f"{TOKEN}:me", 401), (TOKEN, 401), ("me:é", 401)):
        shown = {"Authorization": f"Basic {base64.b64encode(name.encode()).decode()}"}
        assert ask(guard, page | shown)[0] == status


SIGNED = (
    "AWS4-HMAC-SHA256 Credential={}/20261123/us-east-1/cloudtrail/aws4_request, "
    "SignedHeaders=host, Signature=00"
)


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer  {TOKEN}", 200),
        (SIGNED.format(TOKEN), 200),
        (SIGNED.format("AKIAIOSFODNN7EXAMPLE"), 403),
        (f"Bearer {TOKEN[:-1]}", 403),
        (f"Bearer {TOKEN}x", 403),
        (f"Basic {TOKEN}", 403),
        (TOKEN, 403),
        ("", 403),
        ("Bearer é", 403),
    ],
)
def test_the_token_is_shown_as_bearer_or_as_access_key_id(authorization, status):
    guard = Guard(_ours, token=TOKEN)
    assert ask(guard, {"Host": "127.0.0.1", "Authorization": authorization})[0] == status


def test_a_presigned_url_shows_the_token_too():
    guard = Guard(_ours, token=TOKEN)
    query = f"X-Amz-Credential={TOKEN}%2F20261123%2Fus-east-1%2Fs3%2Faws4_request".encode()
    assert ask(guard, {"Host": "127.0.0.1"}, query)[0] == 200
    assert ask(guard, {"Host": "127.0.0.1"}, query.replace(b"A", b"B"))[0] == 403


def test_a_refusal_has_the_form_its_client_reads():
    guard = Guard(_ours, token=TOKEN)
    api = {"Host": "127.0.0.1", "X-Amz-Target": "x.LookupEvents"}
    assert '"__type": "UnrecognizedClientException"' in ask(guard, api)[1]
    assert "<Code>UnrecognizedClientException</Code>" in ask(guard, {"Host": "127.0.0.1"})[1]


def test_tokens_are_such_that_clients_take_them():
    assert parse_token(f" {new_token()}\n")
    assert new_token() != new_token()
    for text in ("short", "with space in it, and long enough", "", "x" * 129):
        with pytest.raises(UsageError, match="16 to 128"):
            parse_token(text)
