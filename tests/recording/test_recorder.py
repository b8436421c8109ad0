"""What is known of callers lasts; the settings say what is kept and whose signatures count."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from apitrail.aws import decode
from apitrail.errors import UsageError
from apitrail.event import Event
from apitrail.exchange import EMPTY, Body, Exchange, Request, Response
from apitrail.identity.keyring import Keyring
from apitrail.policy.loading import load
from apitrail.recording.config_file import Configuration
from apitrail.recording.recorder import DeniedError
from proxying import AWS, OK, calls, dial, entries, kinds, put, recording, upstream

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI"
SESSION = "ASIAIOSFODNN7EXAMPLE"
ASSUMED = f"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA123456789EXAMPLE:build</AssumedRoleId>
<Arn>arn:aws:sts::123456789012:assumed-role/Deploy/build</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>{SESSION}</AccessKeyId><SecretAccessKey>TOPSECRET</SecretAccessKey>
<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
</AssumeRoleResult></AssumeRoleResponse>""".encode()
ROLE = b"Action=AssumeRole&Version=2011-06-15&RoleSessionName=build&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2FDeploy"  # fmt: skip
WHO = b"Action=GetCallerIdentity&Version=2011-06-15"


def answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body  # fmt: skip


def signed(
    body: bytes, key: str = KEY, secret: str = SECRET, host: str = AWS, service: str = "sts"
) -> bytes:
    """A call as botocore signs it."""
    about = AWSRequest("POST", f"https://{host}/", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    SigV4Auth(Credentials(key, secret), service, "eu-west-1").add_auth(about)
    fields = {"Host": host, **dict(about.headers.items()), "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body


def record(
    trail: Path, exchanges: list[tuple[bytes, bytes]], **settings: Any
) -> tuple[list[bytes], list[Event]]:
    """Send requests to an upstream that answers so; gives what came back, and the new calls."""
    before = len(calls(trail)) if (trail / "trail.db").exists() else 0

    async def scenario() -> list[bytes]:
        async with upstream(*[each for _, each in exchanges]) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with (
                recording(trail, modes=modes, **settings) as session,
                dial(session) as client,
            ):
                came = []
                for sent, _ in exchanges:
                    await client.send(sent)
                    came.append(await client.message())
                return came

    return asyncio.run(scenario()), calls(trail)[before:]


def identity(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = dict(event.who.identity)
    return found


@pytest.fixture
def trail(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return tmp_path / "trail"


@pytest.fixture
def configure(tmp_path):
    """Write the user's config.toml."""

    def write(text: str) -> None:
        (tmp_path / "config").mkdir(exist_ok=True)
        (tmp_path / "config" / "config.toml").write_text(text)

    return write


# -- identities -------------------------------------------------------------------------------


def test_what_was_learned_outlives_the_recorder(trail):
    record(trail, [(signed(ROLE), answer(ASSUMED))])
    _, [event] = record(trail, [(signed(WHO, SESSION), OK)])
    assert identity(event)["arn"] == "arn:aws:sts::123456789012:assumed-role/Deploy/build"
    assert identity(event)["known"] == "learned"
    assert event.record()["userIdentity"]["sessionContext"]["sessionIssuer"]["userName"] == "Deploy"


def test_a_binding_that_cannot_be_read_stops_nothing(trail, caplog):
    record(trail, [(signed(ROLE), answer(ASSUMED))])
    import zstandard

    with sqlite3.connect(trail / "trail.db") as database:
        bad = zstandard.compress(json.dumps([{"nonsense": 1}]).encode())
        database.execute("UPDATE facet SET data = ? WHERE tag = 'learned'", (bad,))
    _, [event] = record(trail, [(signed(WHO, SESSION), OK)])
    assert "arn" not in identity(event)
    assert "taught of no identity" in caplog.text


def test_configured_identities_name_callers(trail, configure):
    configure(f'[identities.{KEY}]\narn = "arn:aws:iam::123456789012:user/John"\n')
    _, [event] = record(trail, [(signed(WHO), OK)])
    assert identity(event)["known"] == "configured"
    assert event.record()["userIdentity"]["userName"] == "John"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense = 1", "unknown setting 'nonsense'"),
        ("identities = 1", "identities is not a table"),
        ("[identities.AKIA]\nx = 1", "unknown field 'x'"),
        ('[[keep]]\nlevel = "some"', "no such level"),
        ("[signatures]\nverify = 1", "signatures.verify cannot be 1"),
        ("[signatures]\nx = 1", "unknown field 'x'"),
        ("signatures = 1", "signatures is not a table"),
        ("[", "is not TOML"),
        ('[signatures]\nverify = true\nkeyring = "none"', "cannot read the keyring"),
    ],
)
def test_a_bad_configuration_is_told_and_leaves_nothing(trail, configure, text, message):
    configure(text)
    with pytest.raises(UsageError, match=message):
        record(trail, [(signed(WHO), OK)])
    assert not (trail / "trail.db").exists()


def test_a_configuration_that_is_named_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="no configuration at"):
        Configuration.read(tmp_path / "none", must=True)
    assert Configuration.read(tmp_path / "none").sha256 is None


# -- signatures -------------------------------------------------------------------------------


@pytest.fixture
def keyring(tmp_path, configure):
    (tmp_path / "config").mkdir(exist_ok=True)
    path = tmp_path / "config" / "keyring.toml"
    path.write_text(f'{KEY} = "{SECRET}"\n')
    path.chmod(0o600)
    configure('[signatures]\nkeyring = "keyring.toml"\n')
    return path


def test_signatures_are_told_right_from_wrong(trail, keyring):
    sent = [signed(WHO), signed(WHO, secret="other"), signed(WHO, "AKIAI44QH8DHBEXAMPLE")]
    _, events = record(trail, [(each, OK) for each in sent], signatures="verify")
    assert [identity(event).get("signature") for event in events] == [
        "verified", "invalid", "unverifiable",
    ]  # fmt: skip


def test_a_long_form_is_checked_before_it_goes(trail, keyring):
    long = WHO + b"&X=" + b"x" * 5000
    tampered = signed(long)[:-1] + b"y"
    came, [event] = record(
        trail, [(signed(long), OK), (tampered, OK)], signatures="require", body_limit=1000
    )
    assert came[1].startswith(b"HTTP/1.1 403 ")
    assert identity(event)["signature"] == "verified"


def test_a_streamed_body_is_checked_when_it_has_passed(trail, keyring):
    def put(body: bytes) -> bytes:
        about = AWSRequest("PUT", f"https://{AWS}/bucket/key", data=body)
        SigV4Auth(Credentials(KEY, SECRET), "s3", "eu-west-1").add_auth(about)
        fields = {"Host": AWS, **dict(about.headers.items()), "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        return f"PUT /bucket/key HTTP/1.1\r\n{head}\r\n".encode() + body

    long = put(b"x" * 5000)
    tampered = long[:-1] + b"y"
    _, events = record(trail, [(long, OK), (tampered, OK)], signatures="require", body_limit=1000)
    # Without a digest in its headers it cannot be refused before it has passed.
    assert [identity(event)["signature"] for event in events] == ["verified", "invalid"]


def test_without_the_option_no_signature_is_judged(trail, keyring):
    _, [event] = record(trail, [(signed(WHO, secret="other"), OK)])
    assert "signature" not in identity(event)


def test_a_wrong_signature_is_refused_where_only_right_ones_may_pass(trail, keyring):
    exchanges = [(signed(WHO, secret="other"), OK), (signed(WHO), OK)]
    came, events = record(trail, exchanges, signatures="require")
    assert came[0].startswith(b"HTTP/1.1 403 ")
    assert b"<Code>SignatureDoesNotMatch</Code>" in came[0]
    assert came[1] == OK
    assert len(events) == 1


def test_secrets_of_profiles_count(trail, tmp_path):
    (tmp_path / "credentials").write_text(
        f"[work]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n[broken]\nx\n"
    )
    Keyring.read(None, tmp_path / "credentials")  # the SDKs' file: ours to read, not to judge
    (tmp_path / "credentials").write_text(
        f"[work]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
    )
    _, [event] = record(trail, [(signed(WHO), OK)], signatures="verify")
    assert identity(event)["signature"] == "verified"


def test_a_keyring_that_others_can_read_is_not_used(trail, keyring):
    keyring.chmod(0o640)
    with pytest.raises(UsageError, match="can be read by others"):
        record(trail, [(signed(WHO), OK)], signatures="verify")


# -- what is kept -----------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["none", "metadata", "request", "full"])
def test_the_policy_says_how_much_is_kept(trail, configure, level):
    configure(f'[[keep]]\nservice = "sts"\nlevel = "{level}"\n')
    sent = signed(ROLE).replace(b"POST / ", b"POST /?TARGET=1 ")
    _, [event] = record(trail, [(sent, answer(ASSUMED))])
    record_ = event.record()
    assert record_["eventName"] == "AssumeRole"
    assert record_["userIdentity"]["accessKeyId"] == KEY
    stored, request, response = (
        "".join(content.decode() for tag, content in event.facets().items() if tag in tags)
        for tags in (("who", "what"), ("request",), ("response",))
    )
    both = stored + request + response
    kept = {
        "address": "127.0.0.1" in stored,
        "resources": bool(event.resources),
        "target": "TARGET" in both,
        "parameters": "RoleSessionName" in request,
        "body": event.request_body is not None,
        "result": "assumed-role/Deploy/build" in response,
    }
    expected = {
        "none": set(),
        "metadata": {"address", "resources"},
        "request": {"address", "resources", "target", "parameters", "body"},
        "full": {"address", "resources", "target", "parameters", "body", "result"},
    }[level]
    assert {name for name, there in kept.items() if there} == expected
    assert "TOPSECRET" not in both


def test_intents_are_cut_as_well(trail, configure, tmp_path):
    configure('[[keep]]\nlevel = "none"\n')
    arrived, seen = asyncio.Event(), []

    async def scenario() -> None:
        async def look(peer) -> None:
            await peer.message()
            with sqlite3.connect(trail / "pending.db") as database:
                seen.extend(database.execute("SELECT facets FROM intent"))
            await peer.send(OK)

        async with upstream(look) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session, dial(session) as client:
                await client.send(signed(ROLE))
                await client.message()
                arrived.set()

    asyncio.run(scenario())
    [(facets,)] = seen
    assert b"AssumeRole" in facets
    assert b"RoleSessionName" not in facets


def test_the_open_entry_names_the_configuration(trail, configure):
    configure('[[keep]]\nlevel = "full"\n')
    record(trail, [(signed(WHO), OK)])
    _, event = entries(trail)[0]
    assert len(event.what.rest["configuration"]["configuration"]) == 64


# -- calls that are two ------------------------------------------------------------------------

TWO = b"Action=DeleteUser&Version=2010-05-08&UserName=bob&UserName=alice"


def test_a_call_that_two_readers_see_as_two_is_not_sent(trail):
    async def scenario() -> tuple[bytes, list[bytes]]:
        async with upstream(OK) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session, dial(session) as client:
                await client.send(signed(TWO, service="iam"))
                came = await client.message()
                await session._say_alive()
            return came, stub.seen

    came, seen = asyncio.run(scenario())

    assert came.startswith(b"HTTP/1.1 400 ")
    assert b"'UserName' is given twice" in came
    assert b"<ErrorResponse>" in came
    assert seen == []
    assert calls(trail) == []
    beats = [event.what for kind, event in entries(trail) if kind == "heartbeat"]
    assert beats[-1].rest["ambiguous"] == 1


def test_the_configuration_lets_it_pass_with_both_readings_named(trail, configure):
    configure('ambiguous = "record"\n')

    [came], [event] = record(trail, [(signed(TWO, service="iam"), OK)])

    assert came.startswith(b"HTTP/1.1 200 ")
    assert event.what.undetermined
    assert {resource.name for resource in event.what.resources} == {"bob", "alice"}
    assert "'UserName' is given twice" in event.what.call.problems


@pytest.mark.parametrize("first", [b"Password=hunter22&Password=", b"Password=&Password=hunter22"])
def test_a_secret_of_either_reading_is_redacted(trail, configure, first):
    configure('ambiguous = "record"\n')
    body = b"Action=CreateLoginProfile&Version=2010-05-08&UserName=bob&" + first

    record(trail, [(signed(body, service="iam"), OK)])

    for path in trail.rglob("*"):
        assert not path.is_file() or b"hunter22" not in path.read_bytes()


def test_ambiguous_is_one_of_two_words(configure, tmp_path):
    configure('ambiguous = "maybe"\n')

    with pytest.raises(UsageError, match="ambiguous cannot be 'maybe'"):
        Configuration.read(tmp_path / "config" / "config.toml")


# -- stand-ins ---------------------------------------------------------------------------------


def test_a_stand_in_s_own_endpoint_is_marked_and_touches_nothing(trail):
    ask = b"GET /_localstack/health HTTP/1.1\r\nHost: localhost:4566\r\n\r\n"

    _, [event] = record(trail, [(ask, OK)])

    assert event.what.stand_in
    assert not event.what.undetermined
    assert b'"standIn":true' in event.facets()["what"]


# -- one entry for one call -------------------------------------------------------------------


def test_a_call_that_is_given_up_while_its_answer_is_read_has_one_entry(trail):
    """A long answer is read in a thread; meanwhile a stop settles the call as unknown."""
    sessions = []

    async def both(peer) -> None:
        await peer.message()
        recorder = sessions[0].recorder
        [opened] = recorder.in_flight.values()
        long = Response(
            status=200, http_version="HTTP/1.1", headers=(), body=Body.of(b"x" * 100_000)
        )
        answered = replace(opened.exchange, response=long, ended=opened.exchange.started)
        await asyncio.gather(recorder.finish(opened, answered), recorder.abandon(opened))
        await peer.send(OK)

    async def scenario() -> None:
        async with upstream(both) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            async with recording(trail, modes=modes) as session, dial(session) as client:
                sessions.append(session)
                await client.send(signed(WHO))
                assert await client.message() == OK
                assert session.recorder.tally.calls == 1

    asyncio.run(scenario())
    assert [kind for kind, _ in entries(trail)] == ["open", "unknown", "close"]


def failing(monkeypatch, protocol: str, *, after: int) -> None:
    """For one request there is no memory to read it, after so many that are read."""
    read, seen = decode._READERS[protocol], []

    def reader(*arguments: Any) -> Any:
        seen.append(arguments)
        if len(seen) == after + 1:
            raise MemoryError
        return read(*arguments)

    monkeypatch.setitem(decode._READERS, protocol, reader)


def test_a_request_that_there_is_no_memory_to_read_does_not_go_up(trail, monkeypatch):
    failing(monkeypatch, "query", after=1)

    came, recorded = record(trail, [(signed(WHO), OK), (signed(ROLE), OK), (signed(WHO), OK)])

    assert [each.split()[1] for each in came] == [b"200", b"503", b"200"]
    assert [event.call.operation for event in recorded] == ["GetCallerIdentity"] * 2
    assert kinds(trail) == ["open", "api", "refused", "api", "close"]


def test_a_body_that_passed_and_cannot_be_read_for_want_of_memory_is_doubted(trail, monkeypatch):
    failing(monkeypatch, "rest-xml", after=1)

    _, [event] = record(trail, [(put(b"x" * 300_000), OK)])

    assert event.request.parameters["Key"] == "key"
    assert "its body could not be read: MemoryError" in event.call.problems


@pytest.mark.parametrize(
    ("target", "streamed", "passes"),
    [
        ("DynamoDB_20120810.TransactWriteItems", True, False),
        ("DynamoDB_20120810.TransactWriteItems", False, True),
    ],
)
def test_a_body_that_is_too_long_to_be_read_does_not_pass_a_guard(trail, target, streamed, passes):
    """It would go up as it comes, and nobody would have seen what it asks for."""
    request = Request(
        method="POST", scheme="https", host="dynamodb.eu-west-1.amazonaws.com", target="/",
        http_version="HTTP/1.1", body=EMPTY if streamed else Body.of(b'{"TransactItems": []}'),
        headers=(
            ("Host", "dynamodb.eu-west-1.amazonaws.com"), ("X-Amz-Target", target),
            ("Content-Type", "application/x-amz-json-1.0"), ("Content-Length", "41943040"),
        ),
    )  # fmt: skip
    exchange = Exchange(
        id="0b5f9f2e-0000-4000-8000-000000000000", started=0, client="192.0.2.1",
        request=request, upstream="x",
    )  # fmt: skip

    async def scenario() -> None:
        async with recording(trail, guards=load(["no-delete"], {})) as session:
            await session.recorder.begin(exchange, streamed=streamed)

    if passes:
        asyncio.run(scenario())
    else:
        with pytest.raises(DeniedError, match="its body is too long to be read"):
            asyncio.run(scenario())
    assert ("denied" in kinds(trail)) is not passes


def test_a_refusal_that_cannot_be_written_down_is_no_refusal_by_the_guard(trail):
    """The caller must not be told of an entry that is not there; the call does not pass all the same."""

    async def scenario() -> bytes:
        async with upstream(OK) as stub:
            modes = (f"reverse:{stub.url}@127.0.0.1:0",)
            guards = load(["read-only"], {})
            async with recording(trail, modes=modes, guards=guards) as session:
                appender = session.trail._appender
                await session.trail._run(
                    lambda: appender.connection.execute("PRAGMA query_only = ON")
                )
                async with dial(session) as client:
                    await client.send(signed(ROLE))
                    said = await client.message()
                await session.trail._run(
                    lambda: appender.connection.execute("PRAGMA query_only = OFF")
                )
                assert not stub.seen
                return said

    assert b" 503 " in asyncio.run(scenario())
    assert "denied" in kinds(trail)  # it was owed, and is there now
