"""A page of evidence: one HTML file with a bundle, the report for people, and a verifier for it.

Whoever hands over a page can have written all of it, also its program. What proves something is the
bundle inside; the report on the page must be the one of the bundle.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

from apitrail.errors import FormatError
from apitrail.tlog import encoding

MAGIC = b"<!doctype html>\n<!-- apitrail.evidence@"
_BUNDLE = (b'<script type="application/zip" id="bundle">\n', b"\n</script>\n")
_REPORT = (b'<main id="report">', b"</main>")
# The module that the page runs; those that it imports go before it.
_MAIN = "evidence_page/page.js"
_IMPORT = re.compile(r'^import \{ (.+) \} from "\.{1,2}/(?:(\w+)/)?(\w+\.js)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async function|function|class|const) (\w+))", re.MULTILINE)
_LINE = 76


def is_page(path: Path) -> bool:
    """Does the file begin as a page of evidence?"""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def bundle_in(page: bytes) -> bytes:
    """The zip that a page carries.

    Raises:
        FormatError: there is none, or more than one.
    """
    text = _between(page, _BUNDLE, "bundle").replace(b"\n", b"")
    return encoding.decode_base64(text.decode("latin-1"), "the bundle in the page")


def report_in(page: bytes) -> bytes:
    """The part of a page, or of a bundle's `report.html`, that tells the calls; raises FormatError."""
    return _between(page, _REPORT, "report")


def write(bundle: bytes, report: bytes) -> bytes:
    """The page for a bundle and the `report.html` in it."""
    title = _between(report, (b"<title>", b"</title>"), "title")
    style = _between(report, (b"<style>", b"</style>"), "style") + _file("evidence_page/page.css")
    script = program()
    start, end = _REPORT
    parts = {
        b"POLICY": _policy(script, style),
        b"TITLE": title,
        b"STYLE": style,
        b"REPORT": start + report_in(report) + end,
        b"BUNDLE": b"\n".join(_lines(base64.b64encode(bundle))),
        b"SCRIPT": script,
    }
    # In one pass: what was recorded can look like a place to fill.
    template = _file("evidence_page/page.html")
    return re.sub(rb"@([A-Z]+)@", lambda found: parts[found[1]], template)


def is_ours(page: bytes, report: bytes) -> bool:
    """Is this what `write` gives for the bundle in it, byte for byte?"""
    return page == write(bundle_in(page), report)


def _policy(script: bytes, style: bytes) -> bytes:
    """Nothing is loaded, nothing is sent, and nothing but this script runs."""
    rules = (
        "default-src 'none'", f"script-src '{_hash(script)}'", f"style-src '{_hash(style)}'",
        "connect-src 'none'", "base-uri 'none'", "form-action 'none'",
    )  # fmt: skip
    return "; ".join(rules).encode("ascii")


def _hash(text: bytes) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode('ascii')}"


@cache
def program() -> bytes:
    """The modules as one script: a page opened from a disk may not load any."""
    return "".join(map(_scoped, dict.fromkeys(_modules(_MAIN)))).encode("utf-8")


def _modules(name: str) -> Iterator[str]:
    """A module behind all that it needs."""
    for _, folder, other in _IMPORT.findall(_file(name).decode("utf-8")):
        yield from _modules(f"{folder or name.partition('/')[0]}/{other}")
    yield name


def _scoped(name: str) -> str:
    """A module as a function of its own, so that equal names in two of them do not meet."""
    text = _file(name).decode("utf-8")
    exported = ", ".join(found[2] for found in _EXPORT.finditer(text))
    body = _EXPORT.sub(r"\1", _IMPORT.sub(lambda found: _taken(found[1], found[3]), text))
    return f"const {_variable(name)} = (() => {{\n{body}return {{ {exported} }};\n}})();\n"


def _taken(names: str, module: str) -> str:
    return f"const {{ {names} }} = {_variable(module)};"


def _variable(name: str) -> str:
    return name.rpartition("/")[2].replace(".", "_")


@cache
def _file(name: str) -> bytes:
    return resources.files("apitrail.evidence.bundle").joinpath("files", name).read_bytes()


def _lines(data: bytes) -> Iterator[bytes]:
    yield from (data[at : at + _LINE] for at in range(0, len(data), _LINE))


def _between(data: bytes, marks: tuple[bytes, bytes], what: str) -> bytes:
    """What stands between two marks, the first of which must be there just once."""
    start, end = marks
    _, found, rest = data.partition(start)
    inside, closed, _ = rest.partition(end)
    if not found or not closed or start in rest:
        raise FormatError(f"the page does not hold just one {what}")
    return inside
