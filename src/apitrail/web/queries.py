"""StartQuery, DescribeQuery, GetQueryResults, CancelQuery: SQL as CloudTrail Lake takes it."""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, field

from apitrail.errors import Error
from apitrail.reading import sql
from apitrail.web import members
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from apitrail.web.members import Document, Members
from apitrail.web.spool import Spool, Value

# Lake ends a query after an hour and keeps its results for seven days; ours end with the server.
TIMEOUT = 300.0
MOST_RUNNING = 10
KEPT = 100
MOST_ROWS = 100_000
# On the disk: of one query, and of all that are kept.
MOST_BYTES = 2 * 1024**3
KEPT_BYTES = 4 * 1024**3
PAGE = 1000
# Of its rows; a row that is larger makes a page alone.
PAGE_BYTES = 4 * 1024**2
STATEMENT_LIMIT = 10_000
ENDED = frozenset({"FINISHED", "FAILED", "CANCELLED", "TIMED_OUT"})


@dataclass(slots=True, kw_only=True)
class Query:
    """One query and, once it has FINISHED, its rows."""

    id: str
    statement: str
    created: int
    status: str = "QUEUED"
    columns: tuple[str, ...] = ()
    rows: Spool = field(default_factory=Spool)
    problem: str | None = None
    milliseconds: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, served: Served) -> None:
        """Run it to an end, whichever; called in a thread of its own."""
        started = time.monotonic()
        self.status = "RUNNING"
        try:
            self._ask(served)
            self.status = "FINISHED"
        except Error as error:
            took = time.monotonic() - started
            late = "TIMED_OUT" if took >= TIMEOUT else "FAILED"
            self.problem = str(error)
            self._forget()
            self.status = "CANCELLED" if self.stop.is_set() else late
        self.milliseconds = int((time.monotonic() - started) * 1000)

    def _ask(self, served: Served) -> None:
        with (
            served.source() as source,
            sql.ask(
                source, self.statement, timeout=TIMEOUT, regexp=False, stop=self.stop
            ) as answer,
        ):
            self.columns = answer.columns
            for row in answer.rows:
                if len(self.rows) == MOST_ROWS:
                    raise Error(f"more than {MOST_ROWS} rows: narrow it down, or LIMIT it")
                if self.rows.size > MOST_BYTES:
                    raise Error(f"more than {MOST_BYTES} bytes: narrow it down, or LIMIT it")
                self.rows.append(row)

    def _forget(self) -> None:
        self.rows.close()
        self.rows = Spool()


class Queries:
    """The queries of one server, the last hundred of them."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Query] = OrderedDict()
        self._lock = threading.Lock()

    def start(self, served: Served, given: Members) -> Document:
        """StartQuery: the statement's table may be `events`, or any store's id."""
        statement = members.required(given, "QueryStatement")
        if len(statement) > STATEMENT_LIMIT:
            raise Fault("InvalidQueryStatementException", f"longer than {STATEMENT_LIMIT}")
        if members.text(given, "DeliveryS3Uri") is not None:
            raise Fault("UnsupportedOperationException", "Results are not delivered to S3.")
        self._try(served, statement)
        query = Query(id=str(uuid.uuid4()), statement=statement, created=served.clock() // 1000)
        with self._lock:
            if sum(known.status not in ENDED for known in self._known.values()) >= MOST_RUNNING:
                raise Fault("MaxConcurrentQueriesException", f"{MOST_RUNNING} queries are running.")
            self._known[query.id] = query
            while len(self._known) > 1 and self._is_full():
                self._known.popitem(last=False)[1].stop.set()
        threading.Thread(target=query.run, args=(served,), daemon=True).start()
        return {"QueryId": query.id}

    def _is_full(self) -> bool:
        return (
            len(self._known) > KEPT
            or sum(known.rows.size for known in self._known.values()) > KEPT_BYTES
        )

    @staticmethod
    def _try(served: Served, statement: str) -> None:
        """What does not parse is refused at once, as Lake does."""
        try:
            with served.source() as source:
                sql.check(source, statement)
        except Error as error:
            raise Fault("InvalidQueryStatementException", str(error)) from error

    def describe(self, given: Members) -> Document:
        """DescribeQuery, also of the latest query."""
        query = self._find(given, latest=members.text(given, "QueryAlias") is None)
        about = {
            "QueryId": query.id,
            "QueryString": query.statement,
            "QueryStatus": query.status,
            "QueryStatistics": {
                "EventsMatched": len(query.rows),
                "ExecutionTimeInMillis": query.milliseconds,
                "CreationTime": query.created,
            },
        }
        return about | ({"ErrorMessage": query.problem} if query.problem else {})

    def results(self, given: Members) -> Document:
        """GetQueryResults: every value is a string, as in Lake; NULL is null."""
        query = self._find(given)
        most = members.integer(given, "MaxQueryResults") or PAGE
        if not 1 <= most <= PAGE:
            raise Fault("InvalidMaxResultsException", f"MaxQueryResults is from 1 to {PAGE}.")
        if query.status != "FINISHED":
            about: Document = {"QueryStatus": query.status, "QueryResultRows": []}
            return about | ({"ErrorMessage": query.problem} if query.problem else {})
        start = _start(members.text(given, "NextToken"), query)
        page = list(query.rows.page(start, most, PAGE_BYTES))
        answer = {
            "QueryStatus": query.status,
            "QueryStatistics": {"ResultsCount": len(page), "TotalResultsCount": len(query.rows)},
            "QueryResultRows": [
                [{name: _shown(value)} for name, value in zip(query.columns, row, strict=True)]
                for row in page
            ],
        }
        after = start + len(page)
        more = after < len(query.rows)
        return answer | ({"NextToken": f"{query.id}.{after}"} if more else {})

    def cancel(self, given: Members) -> Document:
        """CancelQuery."""
        query = self._find(given)
        if query.status in ENDED:
            raise Fault("InactiveQueryException", f"The query is {query.status}.")
        query.stop.set()
        return {"QueryId": query.id, "QueryStatus": "CANCELLED"}

    def stop(self) -> None:
        """End whatever runs."""
        for query in list(self._known.values()):
            query.stop.set()

    def _find(self, given: Members, *, latest: bool = False) -> Query:
        name = members.text(given, "QueryId")
        with self._lock:
            if name is None and latest and self._known:
                return next(reversed(self._known.values()))
            query = self._known.get(name or "")
        if query is None:
            raise Fault("QueryIdNotFoundException", f"No query has the id {name}.")
        return query


def _start(token: str | None, query: Query) -> int:
    if token is None:
        return 0
    name, _, place = token.rpartition(".")
    if name != query.id or not place.isdecimal():
        raise Fault("InvalidNextTokenException", "NextToken is not one of this query's.")
    return int(place)


def _shown(value: Value) -> str | None:
    return value.hex() if isinstance(value, bytes) else None if value is None else str(value)
