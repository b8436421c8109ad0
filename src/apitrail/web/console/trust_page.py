"""Whether the log holds: the verdict with its steps, keys, checkpoints, shipments, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from starlette.requests import Request

from apitrail.codec import Object
from apitrail.errors import Error
from apitrail.evidence.bundle import Bundle
from apitrail.source import Source
from apitrail.tlog.checkpoint import Checkpoint
from apitrail.tlog.note import Note
from apitrail.trail import statements
from apitrail.trail.statements import Anchor, Key
from apitrail.web.console.console import KNOWN, Console
from apitrail.web.console.page import Page
from apitrail.web.console.verdict import Standing
from apitrail.when import iso

# The newest checkpoints, shipments and gaps that are shown.
NEWEST = 12
# Of all known logs, these are told at the most.
MOST = 100


def show(console: Console, request: Request) -> Page:  # noqa: ARG001  # as every page is made
    """The page, with what is known now."""
    standing, now = console.verdict.standing, console.served.clock()
    with console.source() as source:
        checkpoints = [_checkpoint(size, text) for size, text in source.checkpoints()]
        newest = source.tail()
        head = _checkpoint(None, newest) if newest else None
        gaps = console.books.between(source, 0, now)
        anchors, keys = list(_anchors(console, source)), list(_keys(console, source))
        witnesses = list(_witnesses(source, source.size))
        erasures = len(console.books.of_kind(source, "erase"))
        in_flight = source.in_flight()
        statement = source.manifest.range is not None if isinstance(source, Bundle) else None
    logs = _known(str(head["origin"]) if head else "")
    shown = {
        **progress(standing), "report": standing.report.to_json() if standing.report else None,
        "problem": standing.problem, "at": iso(standing.at), "newest": head,
        "checkpoints": checkpoints[::-1], "keys": keys, "shipments": anchors[::-1], "witnesses": witnesses,
        "knownLogs": None if logs is None else logs[:MOST], "erasures": erasures, "inFlight": in_flight,
        "unwatched": None if gaps is None else [
            {"from": iso(gap.start), "to": iso(gap.end), "reason": gap.reason} for gap in gaps
        ],
    }  # fmt: skip
    helpers: Mapping[str, object] = {
        "gaps": gaps, "head": head, "kept": checkpoints[::-1][:NEWEST], "count": len(checkpoints),
        "anchors": anchors[::-1][:NEWEST], "logs": logs, "keys": keys, "erasures": erasures, "witnesses": witnesses,
        "in_flight": in_flight, "length": _length, "proves_range": statement,
    }  # fmt: skip
    return Page(
        template="trust.html", title="Trust", shown=shown, helpers=helpers,
        command=f"apitrail verify {console.served.path}",
    )  # fmt: skip


def following(console: Console, request: Request) -> Page:  # noqa: ARG001
    """How far a verification is, for a page that waits for it."""
    standing = console.verdict.standing
    return Page(template="trust.html", title="Verifying", shown=progress(standing))


def progress(standing: Standing) -> dict[str, object]:
    """For scripts."""
    return {
        "runs": standing.runs, "done": standing.done, "size": standing.size,
        "steps": list(standing.steps),
    }  # fmt: skip


def _checkpoint(size: int | None, text: str) -> Object:
    opened = Note.parse(text)
    head = Checkpoint.parse(opened.text)
    return {
        "size": head.size if size is None else size, "root": head.root.hex(), "origin": head.origin,
        "signedBy": [line.name for line in opened.signatures], "note": text,
    }  # fmt: skip


def _anchors(console: Console, source: Source) -> Iterator[Object]:
    for index in console.books.of_kind(source, Anchor.KIND):
        said = statements.of(source, Anchor.KIND, index)
        if isinstance(said, Anchor):
            yield {
                "entry": index, "place": f"s3://{said.bucket}/{said.prefix}", "number": said.number,
                "entries": said.entries, "lockedUntil": said.until,
            }  # fmt: skip


def _keys(console: Console, source: Source) -> Iterator[Object]:
    for index in console.books.of_kind(source, Key.KIND):
        link = source.entry(index)
        yield {"entry": index, "time": None if link is None else iso(link.time)}


def _witnesses(source: Source, size: int) -> Iterator[Object]:
    """Who outside has seen a checkpoint of at most `size` entries, and the newest that each has; of
    each what is kept, unjudged."""
    seen = set[str]()
    for each in sorted(source.last_cosigned(size), reverse=True):
        for line in source.cosignatures(each):
            # A line of a C2SP signed note: a dash, the name of who signed, the signature.
            _, _, rest = line.decode("utf-8", "replace").partition(" ")
            name = rest.partition(" ")[0]
            if name not in seen:
                seen.add(name)
                yield {"name": name, "size": each}


def _known(origin: str) -> list[Object] | None:
    """The logs that this user trusts, this one first; None where the file cannot be read."""
    try:
        logs = sorted(KNOWN.logs(), key=lambda log: (log.origin != origin, log.origin))
    except Error:
        return None
    return [{"origin": log.origin, "key": str(log.verifier)} for log in logs]


def _length(milliseconds: int) -> str:
    """`2:10:31`, as people write how long something took."""
    return str(timedelta(seconds=max(milliseconds // 1000, 1)))
