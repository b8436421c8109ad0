"""A pytest plugin that writes down what botocore sends: `-p benchmarks.sent_calls`.

One line for each try of each call to the endpoint under test, in the file that SENT_CALLS names: the
headers that SENT_FIELDS names, by which the call is found in the recording too. (Some of moto's tests
also call `localhost:5000`, whatever their endpoint is.)
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from botocore.httpsession import URLLib3Session

FIELDS = os.environ["SENT_FIELDS"].split()
ENDPOINT = os.environ["TEST_SERVER_MODE_ENDPOINT"]
_send = URLLib3Session.send


def _noted(self: URLLib3Session, request: Any) -> Any:
    # A call that does not get its answer was sent all the same.
    try:
        return _send(self, request)
    finally:
        if str(request.url).startswith(ENDPOINT):
            with Path(os.environ["SENT_CALLS"]).open("a", encoding="utf-8") as out:
                print(*(_text(request.headers.get(name)) for name in FIELDS), sep="\t", file=out)


def _text(value: bytes | str | None) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value or ""


URLLib3Session.send = _noted
