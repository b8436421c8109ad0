"""What all pages share: the log that is served, whether it holds, and when nobody watched it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from apitrail import places
from apitrail.evidence import known_logs
from apitrail.evidence.bundle import Bundle
from apitrail.evidence.known_logs import KnownLog
from apitrail.evidence.verify import Trust
from apitrail.trail.reader import Reader
from apitrail.web.console.books import Books
from apitrail.web.console.tallies import Tallies
from apitrail.web.console.verdict import Verdict
from apitrail.web.content import Served


class Known:
    """The logs that the user of this machine trusts. Thousands may be known, and each page asks: they
    are parsed again only when the file was written."""

    def __init__(self) -> None:
        self._state: object = None
        self._logs: tuple[KnownLog, ...] = ()

    def logs(self) -> tuple[KnownLog, ...]:
        """All of them; raises UsageError where the file is damaged."""
        file = known_logs.KnownLogs(places.directory())
        state = file.path, file.state
        if state != self._state:
            # The state first: what is written meanwhile is read again next time.
            self._logs, self._state = tuple(file.all()), state
        return self._logs

    def trust(self) -> Trust:
        """Their keys; raises UsageError as `logs` does."""
        return known_logs.trust_in(self.logs())


KNOWN = Known()


@dataclass(frozen=True, slots=True)
class Console:
    """One server's; `form_token` is in every form of ours, and in no other page's.

    `ending` is set when the server is to end: streams without end then do.
    """

    served: Served
    verdict: Verdict
    books: Books
    ending: threading.Event = field(default_factory=threading.Event)
    tallies: Tallies = field(default_factory=Tallies, repr=False)
    form_token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @classmethod
    def of(cls, served: Served) -> Console:
        """The console of what is served."""
        return cls(served, Verdict(served, KNOWN.trust), Books(served.source))

    @contextmanager
    def source(self) -> Iterator[Reader | Bundle]:
        """The log, opened for one page."""
        with self.served.source() as source:
            yield source

    def now(self) -> datetime:
        """The time, in the zone of this machine."""
        return datetime.fromtimestamp(self.served.clock() / 1000, UTC).astimezone()

    def trust(self) -> Trust:
        """Whose keys count here."""
        return self.verdict.trust()
