"""Ends a connection on which a body may never come.

A client that sends `Expect: 100-continue` leaves its body out when it is answered at once
(RFC 9110, 10.1.1). uvicorn goes on waiting for that body, and would take the client's next request
for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CLOSE = (b"connection", b"close")


@dataclass(frozen=True, slots=True)
class EarlyAnswers:
    """Answers of `app` close the connection if it did not ask for a body that the client held back."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or not _holds_back(scope):
            await self.app(scope, receive, send)
            return
        asked = False

        async def asking() -> Message:
            nonlocal asked
            asked = True
            return await receive()

        async def answering(message: Message) -> None:
            if message["type"] == "http.response.start" and not asked:
                message = {**message, "headers": [*message.get("headers", ()), _CLOSE]}
            await send(message)

        await self.app(scope, asking, answering)


def _holds_back(scope: Scope) -> bool:
    return any(
        name == b"expect" and value.strip().lower() == b"100-continue"
        for name, value in scope["headers"]
    )
