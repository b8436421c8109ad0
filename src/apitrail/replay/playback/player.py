"""A request in, the recorded answer out: decoded as when recording, and matched."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.sign import auth
from apitrail.event import plain
from apitrail.exchange import Exchange, Request
from apitrail.redact import Redactor
from apitrail.replay.playback.answer_body import TYPES
from apitrail.replay.playback.answers import Answers, Miss
from apitrail.replay.playback.reply import Reply, UnplayableError, refusal, reply


@dataclass(slots=True, kw_only=True)
class Player:
    """`redactor` has the recording's key where that is at hand, so that secrets can be compared.

    `misses` are the reasons of all misses so far, in order.
    """

    answers: Answers
    redactor: Redactor
    forward: Callable[[Request], Reply] | None = None
    say: Callable[[str], None] = lambda _: None
    misses: list[str] = field(default_factory=list)

    def play(self, request: Request) -> Reply:
        """The recorded answer to a request; else what is done on a miss."""
        call = self._call(request)
        protocol = call.protocol if call.protocol in TYPES else _guessed(request)
        found = self._answer(request, call, str(protocol))
        if isinstance(found, Reply):
            return found
        self.misses.append(found.reason)
        self.say(f"miss: {found.reason}")
        reason = found.reason
        if self.forward is not None:
            try:
                return self.forward(request)
            except UnplayableError as error:
                reason = f"{reason}; {error}"
        return refusal(str(protocol), reason, str(uuid.uuid4()))

    def _answer(self, request: Request, call: Call, protocol: str) -> Reply | Miss:
        if call.service is None or call.operation is None:
            return Miss(reason=f"cannot tell what {request.method} {request.path} asks")
        asked = self.answers.question(call.service, call.operation, plain(call.parameters))
        found = self.answers.take(asked, call.region)
        if isinstance(found, Miss):
            return found
        try:
            return reply(found, protocol=protocol, method=request.method)
        except UnplayableError as error:
            reason = f"{found.name}, event {found.event_id}, cannot be played back: {error}"
            return Miss(reason=reason, nearest=found.event_id)

    def _call(self, request: Request) -> Call:
        """Decoded and redacted as it was when recorded, so that like is compared with like."""
        credential = auth.read(request)
        call = decode.request(request, credential)
        exchange = Exchange(
            id=str(uuid.uuid4()), started=time.time_ns() // 1_000_000, client="127.0.0.1",
            request=request, upstream=f"{request.scheme}://{request.host}",
        )  # fmt: skip
        return self.redactor.both(exchange, call)[1]


def _guessed(request: Request) -> str:
    """The protocol of a call that could not be told, by how it is dressed."""
    content = request.header("content-type") or ""
    if request.header("smithy-protocol"):
        return "smithy-rpc-v2-cbor"
    if "x-www-form-urlencoded" in content:
        return "query"
    return "json" if "json" in content or request.header("x-amz-target") else "rest-xml"
