"""Messages between two processes of a recorder, over a pair of sockets that has no name.

Each is its length in four bytes and a CBOR array. Either side may ask, and is answered, or tell,
and is not. Messages arrive in the order in which they were sent, and what was told is dealt with
before anything that was sent after it.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import cbor2

from apitrail import last_resort
from apitrail.errors import Error, RecordingError, UsageError
from apitrail.recording.proxy import messages

type Answer = Callable[..., Awaitable[object]]
"""Does what is asked; gives what CBOR has: None, numbers, text, bytes, lists."""

type Hearer = Callable[..., object]
"""Deals with what is told, at once."""

_ASK, _TELL, _ANSWER, _FAIL = range(4)
_LENGTH = struct.Struct("!I")

# The errors that go through as what they are.
_ERRORS: Mapping[str, type[Error]] = {
    each.__name__: each for each in (RecordingError, UsageError)
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Acts:
    """What a side does: by name, what it answers to, and what it hears; `lost` at the end."""

    lost: Callable[[], object]
    answers: Mapping[str, Answer] = field(default_factory=dict)
    hears: Mapping[str, Hearer] = field(default_factory=dict)


class Channel(asyncio.Protocol):
    """One end; make it with `over`."""

    def __init__(self, acts: Acts) -> None:
        self._acts = acts
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._unsent: list[bytes] = []
        self._soon = False
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def over(cls, end: socket.socket, acts: Acts) -> Self:
        """Speak on this end of a pair of sockets, which is the channel's from now on."""
        loop = asyncio.get_running_loop()
        _, channel = await loop.create_unix_connection(lambda: cls(acts), sock=end)
        return channel

    @property
    def is_open(self) -> bool:
        """Is the other side there, as far as is known?"""
        return self._transport is not None

    async def ask(self, act: str, *arguments: object) -> Any:
        """Have the other side do something; gives its answer.

        Raises:
            RecordingError: it could not, or it is gone.
            UsageError: as it was raised there.
        """
        done = self.put(act, *arguments)
        if len(self._asked) == 1:
            # Nobody else is about who could join it.
            self.flush()
        return await done

    def put(self, act: str, *arguments: object) -> asyncio.Future[Any]:
        """The same for who has other things to do meanwhile; gives what the answer will be.

        Raises:
            RecordingError: the other side is gone.
        """
        if self._transport is None:
            raise RecordingError("another process of the recorder is gone")
        self._number += 1
        number, done = self._number, self._loop.create_future()
        self._asked[number] = done
        try:
            self._send([_ASK, act, number, *arguments])
        except BaseException:
            del self._asked[number]
            raise
        return done

    def tell(self, act: str, *arguments: object) -> None:
        """Let the other side know something, if it is there."""
        if self._transport is not None:
            self._send([_TELL, act, *arguments])

    def close(self) -> None:
        """Speak no more; what was sent arrives."""
        if self._transport is not None:
            self.flush()
            self._transport.close()

    def abort(self) -> None:
        """The same at once, though the other side may read no more."""
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio's side ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It begins."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        """The other side is gone; nobody waits for it any more."""
        self._transport = None
        with last_resort.vital():
            for done in self._asked.values():
                if not done.done():
                    done.set_exception(RecordingError("another process of the recorder is gone"))
        self._acts.lost()

    def data_received(self, data: bytes) -> None:
        """Some bytes; a message may come in parts."""
        received = self._received
        received += data
        at = 0
        while len(received) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(received, at)
            end = at + _LENGTH.size + length
            if len(received) < end:
                break
            self._take(cbor2.loads(bytes(received[at + _LENGTH.size : end])))
            at = end
        del received[:at]

    # -- messages ------------------------------------------------------------------------------

    def _take(self, message: Sequence[Any]) -> None:
        kind, name, *rest = message
        if kind == _ASK:
            number, *arguments = rest
            # Begun at once: most of what is asked for is put into a queue, and then waited for.
            done_by = self._do(number, self._acts.answers[name], arguments)
            task = asyncio.Task(done_by, loop=self._loop, eager_start=True)
            if not task.done():
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        elif kind == _TELL:
            self._acts.hears[name](*rest)
        elif not (done := self._asked.pop(name)).done():
            if kind == _ANSWER:
                done.set_result(rest[0])
            else:
                error, text, hint = rest
                done.set_exception(_ERRORS[error](text, hint=hint))

    async def _do(self, number: int, act: Answer, arguments: Sequence[object]) -> None:
        """Do what is asked for and answer, in one turn of the loop."""
        try:
            result = await act(*arguments)
        except asyncio.CancelledError:
            self._reply(_FAIL, number, *_told(RecordingError("it was given up")))
            raise
        except BaseException as error:
            self._reply(_FAIL, number, *_told(error))
            if not isinstance(error, Exception):
                raise
        else:
            self._reply(_ANSWER, number, result)
        if len(self._tasks) <= 1:
            self.flush()

    def _reply(self, *message: object) -> None:
        """Who asks waits for it: without the memory for an answer, this end is gone."""
        try:
            self._send(message)
        except MemoryError:
            self.abort()

    def _send(self, message: Sequence[object]) -> None:
        if self._transport is None:
            return
        data = cbor2.dumps(message)
        self._unsent += [_LENGTH.pack(len(data)), data]
        if not self._soon:
            # What is sent before the loop turns goes in one write.
            self._loop.call_soon(self.flush)
            self._soon = True

    def flush(self) -> None:
        """Send what is to be sent, and wait for nothing that could join it."""
        self._soon = False
        # One that is closing must not get any: asyncio would go on watching its socket when that is closed,
        # and the next one of the same number would never be read.
        if self._unsent and self._transport is not None and not self._transport.is_closing():
            self._transport.writelines(self._unsent)
        self._unsent = []


def _told(error: BaseException) -> tuple[str, str, str | None]:
    """Name, text and hint of an error, with nothing of others' in it."""
    kind = next((name for name, each in _ERRORS.items() if isinstance(error, each)), None)
    hint = error.hint if isinstance(error, Error) else None
    return kind or RecordingError.__name__, messages.safe(error), hint
