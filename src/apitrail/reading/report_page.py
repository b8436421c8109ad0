"""The page in a bundle that a person reads: static HTML, which needs nothing and runs nothing.

All text in it is somebody else's: it is escaped, and characters that are not printable are shown
as such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from apitrail.codec import Json
from apitrail.entry import Entry
from apitrail.errors import FormatError
from apitrail.event import Event
from apitrail.reading import event_summary, render
from apitrail.when import iso

# The most calls shown in full. The files of all others are in the bundle all the same.
CALLS = 500
# The most members shown of a request or an answer, and the most characters of each.
MEMBERS = 40
LONGEST = 2_000

# How an identity is known → what that means, for somebody who knows no word of ours.
KNOWN = {
    "learned": "AWS itself said who holds this access key, in an answer that passed the recorder",
    "refusal": "AWS named the caller when it refused a call",
    "configured": "whoever set the recorder up said who holds this access key",
    "decoded": "the account is written in the access key; who in it called is not known",
    "claimed": "only what the caller said; nothing confirms it",
}
SIGNATURES = {
    "verified": "the recorder has the key's secret and found the request's signature right",
    "invalid": "the recorder has the key's secret and found the request's signature wrong",
    "unverifiable": "the recorder could not check the request's signature",
}

# The colours are those of the console.
_STYLE = """\
:root{--ground:#fcfaf6;--panel:#fff;--line:#e5e0d8;--text:#1c1b19;--muted:#65615a;--accent:#0b6b53;--soft:#e6f1ee;--bad:#b0261c;--bad-soft:#fbe7e4;--mark:#fff3c4;--mark-line:#8a6d00;--focus:#1a5fb4}
@media (prefers-color-scheme:dark){:root{--ground:#15181a;--panel:#1c2023;--line:#33393d;--text:#e8e6e1;--muted:#a3a8a6;--accent:#6fd0b3;--soft:#1d3730;--bad:#ff9a8d;--bad-soft:#43211d;--mark:#4a4019;--mark-line:#d9b74a;--focus:#8ab8ff}}
html{color-scheme:light dark}
body{font:15px/1.45 system-ui,sans-serif;color:var(--text);background:var(--ground);max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0 0 .3rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:0 0 .4rem}
a{color:inherit}
table{border-collapse:collapse;width:100%;font-size:.87rem}th{white-space:nowrap}th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:8rem 1fr;gap:.15rem .8rem;margin:0}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
code,pre{font:.87em/1.4 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
.note{border:2px solid var(--mark-line);background:var(--mark);padding:.7rem 1rem;margin:1rem 0}
.call{border:1px solid var(--line);background:var(--panel);border-radius:6px;padding:.8rem 1rem;margin:.8rem 0;break-inside:avoid}
.claimed{border:1px solid var(--mark-line);padding:0 .3rem}.failed{color:var(--bad);font-weight:600}
@media print{:root{--ground:#fff;--panel:#fff;--line:#ccc;--text:#000;--muted:#444;--accent:#000;--soft:#fff;--bad:#000;--bad-soft:#fff;--mark:#fff;--mark-line:#000}body{margin:0;max-width:none;font-size:10pt}}
"""


@dataclass(frozen=True, slots=True)
class Told:
    """One call that the bundle shows, as far as it is opened."""

    index: int
    entry: Entry | None
    event: Event
    problem: str | None = None

    @classmethod
    def parse(cls, index: int, entry: Entry | None, facets: Mapping[str, bytes]) -> Told:
        """From the facets that are opened; a call that cannot be read is told as such."""
        try:
            return cls(index, entry, Event.parse(facets))
        except FormatError as error:
            return cls(index, entry, Event(), f"what is kept of it cannot be read: {error}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page says; `number` counts all calls of the bundle, `calls` are those that it tells.

    `span` are the entries of a complete range, first and last.
    """

    origin: str
    size: int
    root: str
    version: str
    question: str
    number: int
    calls: Sequence[Told]
    span: tuple[int, int] | None = None
    since: int | None = None
    until: int | None = None

    def __bytes__(self) -> bytes:
        return "".join(f"{line}\n" for line in self._lines()).encode("utf-8")

    def _lines(self) -> Iterator[str]:
        yield "<!doctype html>"
        yield '<html lang="en"><head><meta charset="utf-8">'
        # The page loads nothing and runs nothing, whatever the recorded texts contain.
        yield (
            '<meta http-equiv="Content-Security-Policy" '
            "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        )
        yield '<meta name="viewport" content="width=device-width,initial-scale=1">'
        yield f"<title>Calls to AWS, from the log {_text(self.origin)}</title>"
        yield f"<style>\n{_STYLE}</style></head><body>"
        yield f"<header><h1>Calls to AWS, from the log {_text(self.origin)}</h1>"
        yield from self._warning()
        yield '</header><main id="report">'
        yield '<section id="about">'
        yield from self._about()
        yield '</section><section id="overview">'
        yield from self._table()
        yield '</section><section id="calls"><h2>The calls</h2>'
        for told in self.calls:
            yield from _call(told)
        yield from self._rest()
        yield "</section>"
        yield from _glossary(self.calls)
        yield "</main></body></html>"

    def _warning(self) -> Iterator[str]:
        yield '<div class="note"><p><strong>This page is for reading. It proves nothing:</strong>'
        yield "whoever handed it over can have written it. The files beside it are the evidence."
        yield "Check them, with the log's public key from elsewhere:</p>"
        yield "<pre>python3 -I verify.py --key VKEY</pre>"
        yield "<p>What that prints holds, and where this page says something else, that counts.</p>"
        yield "</div>"

    def _about(self) -> Iterator[str]:
        calls = f"{self.number} {'call' if self.number == 1 else 'calls'}"
        facts = [
            ("question", self.question),
            ("answer", f"{calls}{self._completeness()}"),
            ("time", self._time()),
            ("log", f"{self.origin}, {self.size} entries when this was exported"),
            ("signed root", self.root),
            ("exported with", f"apitrail {self.version}"),
        ]
        yield from _list(facts)

    def _completeness(self) -> str:
        if self.span is None:
            return "; nothing is said of other calls"
        first, last = self.span
        return (
            f" of the entries {first} to {last}, which are all in this bundle; "
            "verify.py finds out whether there are no others"
        )

    def _time(self) -> str:
        since = f"from {iso(self.since)}" if self.since is not None else ""
        until = f"until {iso(self.until)}" if self.until is not None else ""
        return " ".join(filter(None, (since, until))) or "any"

    def _table(self) -> Iterator[str]:
        if not self.calls:
            return
        yield "<h2>Overview</h2><table><thead><tr>"
        yield "".join(
            f'<th scope="col">{name}</th>'
            for name in ("Entry", "Time (UTC)", "Call", "By", "Outcome")
        )
        yield "</tr></thead><tbody>"
        for told in self.calls:
            link = f'<a href="#e{told.index}">{told.index}</a>'
            cells = (
                link,
                _text(_time(told)),
                _text(render.operation(told.event)),
                _by(told.event),
                _outcome(told.event),
            )
            yield f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
        yield "</tbody></table>"

    def _rest(self) -> Iterator[str]:
        if (more := self.number - len(self.calls)) > 0:
            yield f'<p class="rest">{more} more are in the bundle and not told here.</p>'


def _call(told: Told) -> Iterator[str]:
    event = told.event
    yield f'<section class="call" id="e{told.index}">'
    yield f"<h3>{_text(render.operation(event))} — {_outcome(event)}</h3>"
    yield from _list(_facts(told), raw={"by": _by(event)})
    yield "</section>"


def _facts(told: Told) -> Iterator[tuple[str, str]]:
    event, record = told.event, told.event.record()
    if told.problem:
        yield "problem", told.problem
    yield "time", _time(told)
    yield "by", ""
    if event.who is not None:
        user = event.who.user
        yield "identity", ", ".join(_how(event)) or "not known how"
        if event.who.operator is not None:
            yield "operator", event.who.operator
        yield "access key", str(user.get("accessKeyId") or "none")
        yield "from", str(event.who.record.get("sourceIPAddress") or "not known")
        yield "client", str(event.who.record.get("userAgent") or "not known")
        if event.who.run is not None:
            yield "run", " ".join((event.who.run.id, *render.labels(event.who.run)))
    yield "region", str(record.get("awsRegion") or "not known")
    yield from (("touched", name) for name in render.touched(event))
    if event.what is not None and event.what.undetermined:
        yield "touched", "what else it touched could not be told"
    yield from _members(
        "asked",
        event.request.parameters if event.request else None,
        there=event.request is not None,
    )
    if event.call.error:
        yield "answered", f"{event.call.error}: {record.get('errorMessage') or 'no message'}"
    else:
        yield from _members(
            "answered",
            event.response.result if event.response else None,
            there=event.response is not None,
        )
    yield from (("doubt", problem) for problem in event.call.problems)
    yield "event id", str(record.get("eventID") or "not opened")
    if told.entry is not None:
        yield "entry", f"{told.index} ({told.entry.kind}), hash {told.entry.hash.hex()}"


def _members(name: str, value: Json, *, there: bool) -> Iterator[tuple[str, str]]:
    if not there:
        yield name, "not opened in this bundle"
        return
    found = list(event_summary.flat(value, ""))
    for path, text in found[:MEMBERS]:
        said = text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} characters)"
        yield name, f"{path} = {said}" if path else said
    if len(found) > MEMBERS:
        yield name, f"… and {len(found) - MEMBERS} more"
    if not found:
        yield name, "nothing"


def _glossary(calls: Sequence[Told]) -> Iterator[str]:
    """What the words about identities mean, of those that are used."""
    used = {
        word
        for told in calls
        if told.event.who
        for word in told.event.who.identity.values()
        if isinstance(word, str)
    }
    facts = [(word, said) for word, said in (*KNOWN.items(), *SIGNATURES.items()) if word in used]
    if facts:
        yield "<h2>How callers are known</h2>"
        yield from _list(facts)


def _how(event: Event) -> Iterator[str]:
    identity = event.who.identity if event.who else {}
    if known := identity.get("known"):
        yield str(known)
    if signature := identity.get("signature"):
        yield f"signature {signature}"


def _by(event: Event) -> str:
    """The caller, and whether that is more than a claim."""
    if event.who is None:
        return "not opened in this bundle"
    user = event.who.user
    name = user.get("arn") or user.get("userName") or user.get("accessKeyId") or "not known"
    how = ", ".join(_how(event)) or "not known how"
    style = ' class="claimed"' if _is_claim(event) else ""
    return f"{_text(str(name))} <span{style}>({_text(how)})</span>"


def _is_claim(event: Event) -> bool:
    identity = event.who.identity if event.who else {}
    return (
        identity.get("known") not in ("learned", "refusal", "configured")
        or identity.get("signature") == "invalid"
    )


def _outcome(event: Event) -> str:
    outcome = render.outcome(event)
    return outcome if outcome == "ok" else f'<span class="failed">{_text(outcome)}</span>'


def _time(told: Told) -> str:
    time = told.event.call.time
    if time is None and told.entry is not None:
        time = told.entry.time
    try:
        return str(iso(time)) if time is not None else "not known"
    except (OverflowError, ValueError, OSError):
        return str(time)  # a time outside of the calendar


def _list(
    facts: Iterator[tuple[str, str]] | list[tuple[str, str]], raw: dict[str, str] | None = None
) -> Iterator[str]:
    """Terms and what they are; `raw` has the HTML of some."""
    yield "<dl>"
    before = ""
    for name, value in facts:
        shown = (raw or {}).get(name) or _text(value)
        yield f"<dt>{_text(name) if name != before else ''}</dt><dd>{shown}</dd>"
        before = name
    yield "</dl>"


def _text(text: str) -> str:
    """Text that a browser takes for nothing else, and that shows what it is."""
    return escape(render.clean(text))
