"""A recorder's beginning and end, and what it says meanwhile."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl

import pytest

from apitrail.cli import recording as recording_command
from apitrail.entry import Entry
from apitrail.errors import RecordingError, UsageError
from apitrail.evidence.verify import Trust, trail_check
from apitrail.log_lines import Log
from apitrail.recording import metrics
from apitrail.recording.recorder import Recorder
from apitrail.recording.session import Session
from apitrail.recording.settings import Settings
from apitrail.trail import statements
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from proxying import AWS, OK, dial, kinds, recording, request, secure, tunnel, upstream


def start(trail, **settings):
    async def scenario() -> None:
        async with recording(trail, **settings):
            pass

    asyncio.run(scenario())


@pytest.fixture
def taken():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"modes": ("nonsense",)}, "not a mode"),
        ({"modes": ("regular@x",)}, "not a mode"),
        ({"modes": ("reverse:",)}, "not a mode"),
        ({"upstream": "http://localhost:http"}, "not an endpoint URL"),
        ({"tunnels": ("10.0.0.0/99",)}, "not a host or a network"),
        ({"workers": 1, "modes": ("dns@0",)}, "workers cannot share the mode"),
    ],
)
def test_a_bad_setting_leaves_nothing(tmp_path, settings, message):
    trail = tmp_path / "trail"
    with pytest.raises(UsageError, match=message):
        asyncio.run(Session.start(trail, Settings(**settings)))
    assert not trail.exists()


def test_a_port_in_use_leaves_nothing(tmp_path, taken):
    trail = tmp_path / "trail"
    with pytest.raises(UsageError, match=r"cannot listen as .*in use"):
        asyncio.run(Session.start(trail, Settings(modes=(f"regular@{taken}",))))
    assert not trail.exists()


def test_a_port_in_use_writes_nothing_into_a_trail(tmp_path, taken):
    start(tmp_path)
    before = kinds(tmp_path)
    with pytest.raises(UsageError, match=r"cannot listen as .*in use"):
        start(tmp_path, modes=(f"regular@{taken}",))
    assert kinds(tmp_path) == before
    start(tmp_path)  # and it was let go


def test_a_second_recorder_is_told_of_the_first(tmp_path):
    async def scenario() -> None:
        async with recording(tmp_path) as session:
            spec = f"regular@{session.listeners[0].port}"
            with pytest.raises(UsageError, match="another recorder is writing"):
                await Session.start(tmp_path, Settings(modes=(spec,)))

    asyncio.run(scenario())
    assert kinds(tmp_path) == ["open", "close"]


def distrust(port: int) -> None:
    """Go through the proxy to AWS with the system's own authorities."""
    with socket.create_connection(("127.0.0.1", port), 10) as plain:
        plain.sendall(f"CONNECT {AWS}:443 HTTP/1.1\r\n\r\n".encode())
        assert b" 200 " in plain.recv(4096)
        with pytest.raises(ssl.SSLCertVerificationError):
            ssl.create_default_context().wrap_socket(plain, server_hostname=AWS)


def test_a_client_that_does_not_trust_us_is_told_of_once(tmp_path, capfd):
    async def scenario() -> None:
        async with recording(tmp_path) as session:
            for _ in range(2):
                await asyncio.to_thread(distrust, session.listeners[0].port)
            async with asyncio.timeout(10):
                while len(session._voice._told) < 1:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    asyncio.run(scenario())
    said = capfd.readouterr().err
    assert said.count(f"apitrail: a client does not trust the certificate for {AWS}") == 1
    assert "hint: give it the trail's ca-cert.pem" in said


def test_nothing_of_the_traffic_is_said(tmp_path, capfd):
    async def broken(peer) -> None:
        await peer.message()
        await peer.send(b"SECRET-ANSWER / nothing\r\nX: SECRET\r\n\r\n")

    async def scenario() -> None:
        async with (
            upstream(broken) as stub,
            recording(tmp_path, upstream=stub.url) as session,
        ):
            for sent in (request("/SECRET"), b"SECRET nonsense\r\n\r\n", b"GET /SECRET"):
                async with dial(session) as client:
                    await tunnel(client, f"{AWS}:443")
                    await secure(client, tmp_path)
                    await client.send(sent)
                    client.writer.write_eof() if client.writer.can_write_eof() else None
                    if sent != b"GET /SECRET":
                        await client.head()

    asyncio.run(scenario())
    out, err = capfd.readouterr()
    assert "SECRET" not in out + err
    assert b"SECRET-ANSWER" not in (tmp_path / "trail.db").read_bytes()


def test_it_says_how_far_it_is(tmp_path):
    async def scenario() -> None:
        async with (
            upstream() as stub,
            recording(tmp_path, upstream=stub.url) as session,
            dial(session) as client,
        ):
            await tunnel(client, f"{AWS}:443")
            await secure(client, tmp_path)
            await client.send(request())
            assert await client.message() == OK
            status = await session._status({})
            assert status["calls"] == 1
            assert status["entries"] == 2

    asyncio.run(scenario())


def test_a_port_that_is_open_records(tmp_path, monkeypatch):
    """Nothing listens while the trail is opened, or before the certificate is there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    refused, real = [], Recorder.start

    async def start_later(recorder: Recorder) -> int:
        found = await real(recorder)
        with socket.socket() as client:
            refused.append(client.connect_ex(("127.0.0.1", port)) != 0)
        refused.append((tmp_path / "ca-cert.pem").exists())
        return found

    monkeypatch.setattr(Recorder, "start", start_later)
    start(tmp_path, modes=(f"regular@127.0.0.1:{port}",))
    assert refused == [True, True]


@pytest.mark.parametrize("mask", [0o000, 0o077, 0o277])
def test_files_have_their_modes_whatever_the_umask(tmp_path, mask):
    async def scenario() -> None:
        # Not by `recording`, which brings a CA.
        session = await Session.start(tmp_path, Settings(modes=("regular@127.0.0.1:0",)))
        await session.stop("the test ended")

    before = os.umask(mask)
    try:
        asyncio.run(scenario())
    finally:
        os.umask(before)
    expected = {
        "lock": 0o600, "ca-cert.pem": 0o644, "ca": 0o700,
        "ca/mitmproxy-ca.pem": 0o600, "ca/mitmproxy-ca-cert.pem": 0o644,
    }  # fmt: skip
    assert {name: (tmp_path / name).stat().st_mode & 0o777 for name in expected} == expected


def test_the_last_entry_of_a_recorder_is_anchored_before_it_ends(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(f'[anchors]\nfile = "{tmp_path}/head"\n')
    start(tmp_path / "trail", configuration=config)
    with Reader(tmp_path / "trail") as reader:
        assert Entry.kind_of(list(reader.entries())[-1]) == "close"
        assert (tmp_path / "head").read_text() == reader.tail()


def test_late_anchors_are_in_heartbeats_metrics_and_the_verdict_s_words(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text('[anchors]\nfile = "/nowhere/head"\n')

    async def scenario() -> None:
        async with recording(tmp_path / "trail", configuration=config) as session:
            session._anchorer._since -= 500
            [sample] = [
                each
                for each in metrics.registry(session.recorder, session.trail).collect()
                if each.name == "apitrail_unanchored_seconds"
            ]
            assert sample.samples[0].value >= 500
            await session._say_alive()

    asyncio.run(scenario())
    with Reader(tmp_path / "trail") as reader:
        said = [statements.of(reader, "heartbeat", 1)]
    assert said[0].unanchored >= 500
    trust = Trust((Keys.of(tmp_path / "trail").signer().verifier,), "--key")
    report = trail_check.check(tmp_path / "trail", trust, now=0, processes=1)
    assert report.holds
    assert "; anchors were late in 1 heartbeat, by up to 50" in report.message
    assert report.to_json()["lateAnchors"] == 1


def test_a_recorder_whose_writer_has_ended_refuses_calls_says_so_and_lets_go(tmp_path):
    ended: list[str] = []
    told: list[str] = []

    async def scenario() -> None:
        async with upstream() as stub:
            session = await Session.start(
                tmp_path,
                Settings(modes=("regular@127.0.0.1:0",), upstream=stub.url),
                lambda text, level="info", /: told.append(text),
            )
            session.end = ended.append
            async with dial(session) as client:
                await _end_writer(session)
                for _ in range(2):
                    await client.send(request(f"http://{AWS}/"))
                    assert (await client.message()).startswith(b"HTTP/1.1 503 ")
            assert stub.seen == []
            await session.stop("the test ended")

    asyncio.run(scenario())
    why = "the trail cannot be written any more (ValueError at defect:"
    assert [each.startswith(why) for each in ended] == [True]
    assert [each.startswith(why) for each in told if "cannot be written" in each] == [True]
    # The files are free.
    start(tmp_path)
    assert kinds(tmp_path) == ["open", "open", "close"]


@pytest.mark.parametrize("failed", [True, False])
def test_a_stop_says_that_its_close_is_missing_where_nothing_else_has(tmp_path, failed):
    told: list[str] = []

    async def defect() -> None:
        raise ValueError

    async def scenario() -> None:
        session = await Session.start(
            tmp_path,
            Settings(modes=("regular@127.0.0.1:0",)),
            lambda text, level="info", /: told.append(text),
        )
        if failed:
            session.trail._gathered = defect  # type: ignore[method-assign]  # it fails at `close`
            await session.stop("the test ended")
        else:
            await session.trail.close()
            with pytest.raises(RecordingError, match="the trail is closed"):
                await session.stop("the test ended")

    asyncio.run(scenario())
    assert any("cannot be written any more" in each for each in told) is failed
    assert kinds(tmp_path) == ["open"]
    start(tmp_path)
    assert kinds(tmp_path) == ["open", "open", "close"]


async def _end_writer(session: Session) -> None:
    async def defect() -> None:
        raise ValueError

    session.trail._gathered = defect  # type: ignore[method-assign]
    with pytest.raises(RecordingError, match="cannot be written"):
        await session.recorder.heartbeat({})


def test_record_ends_with_an_exit_status_when_its_writer_has(tmp_path, monkeypatch):
    sessions: list[Session] = []
    real = Session.start

    async def kept(*arguments: object) -> Session:
        sessions.append(await real(*arguments))  # type: ignore[arg-type]
        return sessions[0]

    monkeypatch.setattr(Session, "start", kept)
    said: list[str] = []

    async def scenario() -> int:
        settings = Settings(modes=("regular@127.0.0.1:0",))
        log = Log(said.append, clock=lambda: 0)
        running = asyncio.create_task(recording_command._record(tmp_path, settings, log))
        async with asyncio.timeout(60):
            while not any("env)" in line for line in said):  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            await _end_writer(sessions[0])
            return await running

    assert asyncio.run(scenario()) == 1
    assert len([line for line in said if "cannot be written any more" in line]) == 1


def test_a_recorder_stops_though_a_heartbeat_got_no_memory(tmp_path):
    async def scenario() -> None:
        async with recording(tmp_path, heartbeat=0.001) as session:
            tried = asyncio.Event()

            async def starved(_passed: object) -> int:
                tried.set()
                raise MemoryError

            session.recorder = Starved(session.recorder, starved)  # type: ignore[assignment]
            await tried.wait()
            session.recorder = session.recorder.whole  # type: ignore[attr-defined]

    asyncio.run(scenario())
    assert kinds(tmp_path)[-1] == "close"


class Starved:
    """A recorder whose heartbeat is another's."""

    def __init__(self, whole: Recorder, heartbeat: object) -> None:
        self.whole, self.heartbeat = whole, heartbeat
