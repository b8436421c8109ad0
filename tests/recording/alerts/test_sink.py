"""Sinks: what they take, what they refuse, and that one that hangs costs one thread and no more."""

from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest

from apitrail.errors import Error
from apitrail.recording.alerts.sink import CommandSink, FileSink, Message, WebhookSink
from recording.alerts.receiver import receiving

MESSAGE = Message("id1", b'{"id":"id1"}')
KEY = b"k" * 32


def send(sink, *messages):
    async def main():
        for message in messages or (MESSAGE,):
            await sink.send(message)

    asyncio.run(main())


def webhook(url, patience=5.0):
    return WebhookSink(url, (KEY,), patience, lambda: 1_614_265_330_000)


def test_a_webhook_gets_the_document_signed():
    with receiving() as receiver:
        send(webhook(receiver.url))
    [(headers, body)] = receiver.got
    assert body == MESSAGE.body
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("id1", "1614265330")
    assert headers["webhook-signature"].startswith("v1,")
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "told"),
    [(404, "it answered 404"), (500, "it answered 500"), (302, "redirects are not followed"),
     (307, "redirects are not followed"), (204, None)],
)  # fmt: skip
def test_an_answer_that_is_not_2xx_is_a_failure_and_redirects_are_not_followed(status, told):
    with receiving() as receiver:
        receiver.answers = [status]
        if told is None:
            send(webhook(receiver.url))
        else:
            with pytest.raises(Error, match=told) as error:
                send(webhook(receiver.url))
            assert "token" not in str(error.value)
    assert len(receiver.got) == 1


def test_nobody_listens():
    with receiving() as receiver:
        pass
    with pytest.raises(Error, match=r"^it did not answer: ") as error:
        send(webhook(receiver.url))
    assert "token" not in str(error.value)


def test_what_is_shown_of_a_sink_has_no_secret(tmp_path):
    sink = webhook("https://hooks.example.com/T0/secret?key=secret")
    assert sink.shown == "webhook https://hooks.example.com/"
    assert "secret" not in sink.name + repr(sink)
    assert CommandSink(("notify", "--token", "secret"), 1.0).shown == "command notify"
    assert FileSink(tmp_path / "a", 1.0).shown == f"file {tmp_path / 'a'}"


def test_a_webhook_that_hangs_is_not_asked_twice_at_once():
    with receiving() as receiver:
        receiver.hold = threading.Event()
        sink = webhook(receiver.url, patience=30.0)

        async def main():
            first = asyncio.ensure_future(sink.send(MESSAGE))
            while not receiver.got:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            with pytest.raises(Error, match="it still hangs from an earlier try"):
                await sink.send(MESSAGE)
            receiver.hold.set()
            await first

        asyncio.run(main())
    assert len(receiver.got) == 1


def test_a_command_gets_the_document_on_its_standard_input(tmp_path):
    code = f"import sys; open({str(tmp_path / 'got')!r}, 'w').write(sys.stdin.read())"
    send(CommandSink((sys.executable, "-c", code), 30.0))
    assert (tmp_path / "got").read_text() == '{"id":"id1"}\n'


@pytest.mark.parametrize(
    ("command", "told"),
    [(("/nowhere/notify",), "cannot be run: No such file"), (("false",), "'false' ended with 1"),
     (("sh", "-c", "sleep 300 & sleep 300"), "'sh' did not end within 0.2 s")],
)  # fmt: skip
def test_a_command_that_fails_or_never_ends(command, told):
    with pytest.raises(Error, match=told):
        send(CommandSink(command, 0.2))


def test_a_command_may_leave_its_input_unread():
    send(CommandSink(("true",), 30.0), Message("id1", b"x" * 1_000_000))


def test_a_file_has_a_line_for_each_and_nobody_else_may_read_it(tmp_path):
    path = tmp_path / "alerts.jsonl"
    send(FileSink(path, 5.0), MESSAGE, MESSAGE)
    assert path.read_bytes() == (MESSAGE.body + b"\n") * 2
    assert path.stat().st_mode & 0o777 == 0o600


def test_half_a_line_that_a_crash_has_left_is_ended(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"id":"i')
    path.chmod(0o600)
    send(FileSink(path, 5.0))
    assert path.read_bytes() == b'{"id":"i\n{"id":"id1"}\n'


def test_a_file_of_something_else_is_left_alone(tmp_path):
    other, open_to_all, pipe = tmp_path / "trail.db", tmp_path / "all", tmp_path / "pipe"
    other.write_bytes(b"SQLite format 3")
    other.chmod(0o600)
    open_to_all.write_bytes(b"{}\n")
    open_to_all.chmod(0o644)
    os.mkfifo(pipe, 0o600)
    for path, told in ((other, "holds something else"), (open_to_all, "read by others"),
                       (pipe, "is no regular file"), (tmp_path / "no" / "a", "No such file")):  # fmt: skip
        with pytest.raises(Error, match=told):
            send(FileSink(path, 5.0))
    assert other.read_bytes() == b"SQLite format 3"
