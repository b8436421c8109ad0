"""Every way to lie with a bundle has its verdict, and both verifiers give the same."""

from __future__ import annotations

import base64
import json
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from apitrail import export
from apitrail.bundle import layout
from apitrail.query import Filter
from apitrail.tlog.note import Note, Signer, sign
from bundle import evidence, judges
from bundle.evidence import MINUTE, NOON, SG, Story, changed, files, zipped
from bundle.judges import Standalone

TOUCHED = Filter(resource_name=(SG,))
SPAN = Filter(resource_name=(SG,), since=NOON + MINUTE, until=NOON + 5 * MINUTE)


@dataclass(frozen=True)
class Case:
    signer: Signer
    plain: bytes
    complete: bytes
    first: int
    second: int


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    trail = tmp_path_factory.mktemp("evidence") / "trail"
    signer = evidence.morning().write(trail)
    plain = evidence.bundle_of(trail, evidence.job(trail, TOUCHED))
    complete = evidence.bundle_of(trail, evidence.job(trail, SPAN, complete=True))
    first, second = json.loads(files(plain)["manifest.json"])["selected"]
    return Case(signer, plain, complete, first, second)


@pytest.fixture(scope="module")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standalone]:
    with Standalone(tmp_path_factory.mktemp("standalone")) as program:
        yield program


@pytest.fixture
def judge(case: Case, standalone: Standalone, tmp_path: Path) -> Callable[[bytes], tuple[str, str]]:
    """Both verdicts on a zip's bytes, which must be one; and the package's message."""

    def judged(data: bytes) -> tuple[str, str]:
        path = tmp_path / "bundle.zip"
        path.write_bytes(data)
        report = judges.by_package(path, case.signer.verifier)
        status, said = standalone(path, case.signer.verifier)
        assert judges.verdict(said) == str(report.verdict), (said, str(report))
        assert status == (0 if report.holds else 1)
        if report.holds:
            assert said.splitlines() == str(report).splitlines()
        return str(report.verdict), report.message

    return judged


type Judge = Callable[[bytes], tuple[str, str]]


def test_an_honest_bundle_holds(case: Case, judge: Judge) -> None:
    verdict, message = judge(case.plain)
    assert (verdict, message) == ("OK", "2 calls shown, each in a log of 34 entries")


def test_an_honest_range_holds_and_says_there_are_no_others(case: Case, judge: Judge) -> None:
    verdict, message = judge(case.complete)
    assert verdict == "OK"
    assert message.startswith("1 call in entries ")
    assert message.endswith(", and none but these")


# -- tampering with single entries -----------------------------------------------------------

type Edit = Callable[[dict[str, bytes], Case], None]


def text(name: str, old: str, new: str) -> Edit:
    """Replace text in a file; {1} and {2} are the two entries shown."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        path = name.replace("{1}", str(case.first)).replace("{2}", str(case.second))
        before = content[path].decode("utf-8")
        assert old in before, before
        content[path] = before.replace(old, new, 1).encode("utf-8")

    return edit


def put(name: str, value: bytes | None) -> Edit:
    """Set a file, or remove it."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        path = name.replace("{1}", str(case.first)).replace("{2}", str(case.second))
        if value is None:
            del content[path]
        else:
            content[path] = value

    return edit


def swap(one: str, other: str) -> Edit:
    def edit(content: dict[str, bytes], case: Case) -> None:
        a, b = (
            n.replace("{1}", str(case.first)).replace("{2}", str(case.second)) for n in (one, other)
        )
        content[a], content[b] = content[b], content[a]

    return edit


def document(name: str, change: Callable[[Any], Any]) -> Edit:
    """Change a JSON file."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        path = name.replace("{1}", str(case.first))
        content[path] = json.dumps(change(json.loads(content[path]))).encode()

    return edit


def salts_swapped(salts: dict[str, str]) -> dict[str, str]:
    return salts | {"request": salts["response"], "response": salts["request"]}


def salt_flipped(salts: dict[str, str]) -> dict[str, str]:
    salt = bytearray(base64.b64decode(salts["what"]))
    salt[0] ^= 1
    return salts | {"what": base64.b64encode(salt).decode()}


def proof_line(line: int, value: str | None) -> Edit:
    def edit(content: dict[str, bytes], case: Case) -> None:
        name = f"events/{case.first}/event.tlog-proof"
        lines = content[name].decode().split("\n")
        lines[line : line + 1] = [] if value is None else [value]
        content[name] = "\n".join(lines).encode()

    return edit


def newest(content: dict[str, bytes], case: Case) -> None:
    index = json.loads(content["manifest.json"])["size"] - 1
    for name in [name for name in content if name.startswith(f"events/{index}/")]:
        del content[name]


def foreign_checkpoint(content: dict[str, bytes], case: Case) -> None:
    stranger = Signer.generate(case.signer.name, bytes(32))
    head = Note.parse(content["checkpoint"]).text
    _resign(content, sign(head, stranger))


def _resign(content: dict[str, bytes], note: str) -> None:
    content["checkpoint"] = note.encode()
    for name in [name for name in content if name.endswith(".tlog-proof")]:
        content[name] = content[name].split(b"\n\n", 1)[0] + b"\n\n" + note.encode()


def other_size(content: dict[str, bytes], case: Case) -> None:
    _resign(content, content["checkpoint"].decode().replace("\n34\n", "\n35\n", 1))


def last_bit(content: dict[str, bytes], case: Case) -> None:
    note = Note.parse(content["checkpoint"])
    [line] = note.signatures
    data = line.data[:-1] + bytes([line.data[-1] ^ 1])
    _resign(
        content, f"{note.text}\n— {line.name} {base64.b64encode(line.key_id + data).decode()}\n"
    )


def high_s(content: dict[str, bytes], case: Case) -> None:
    """The same signature with the group order added: RFC 8032 has one spelling only."""
    note = Note.parse(content["checkpoint"])
    [line] = note.signatures
    order = 2**252 + 27742317777372353535851937790883648493
    s = int.from_bytes(line.data[32:], "little") + order
    data = line.key_id + line.data[:32] + s.to_bytes(32, "little")
    _resign(content, f"{note.text}\n— {line.name} {base64.b64encode(data).decode()}\n")


def kept_name(content: dict[str, bytes], position: int = 0) -> str:
    return sorted(name for name in content if name.startswith("checkpoints/"))[position]


def kept_gone(content: dict[str, bytes], case: Case) -> None:
    del content[kept_name(content)]


def kept_edited(content: dict[str, bytes], case: Case) -> None:
    name = kept_name(content)
    lines = content[name].decode().split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    content[name] = "\n".join(lines).encode()


def kept_renamed(content: dict[str, bytes], case: Case) -> None:
    size = int(kept_name(content).split("/")[1])
    content[f"checkpoints/{size + 1}"] = content.pop(f"checkpoints/{size}")


def step_name(content: dict[str, bytes]) -> str:
    return min(name for name in content if name.startswith("consistency/"))


def step_gone(content: dict[str, bytes], case: Case) -> None:
    del content[step_name(content)]


def step_edited(content: dict[str, bytes], case: Case) -> None:
    name = step_name(content)
    lines = content[name].decode().split("\n")
    lines[3] = base64.b64encode(bytes(32)).decode()
    content[name] = "\n".join(lines).encode()


def step_longer(content: dict[str, bytes], case: Case) -> None:
    content[step_name(content)] += base64.b64encode(bytes(32)) + b"\n"


def step_renumbered(content: dict[str, bytes], case: Case) -> None:
    name = step_name(content)
    old = int(name.split("/")[1].split("-")[0])
    content[name] = content[name].replace(b"\nold %d\n" % old, b"\nold %d\n" % (old + 1))


def step_cut(content: dict[str, bytes], case: Case) -> None:
    name = step_name(content)
    content[name] = content[name].rsplit(b"\n", 2)[0] + b"\n"


def stray_facet(content: dict[str, bytes], case: Case) -> None:
    content["events/3/facets/what"] = b"{}"


def ask(**filter_fields: Any) -> Edit:
    return document("manifest.json", lambda m: m | {"filter": m["filter"] | filter_fields})


PLAIN: dict[str, tuple[Edit, str]] = {
    "leaf edited": (text("events/{1}/leaf.json", '"k":"api"', '"k":"run"'), "TAMPERED"),
    "leaf's time edited": (text("events/{1}/leaf.json", '"t":1', '"t":2'), "TAMPERED"),
    "leaf spelled otherwise": (text("events/{1}/leaf.json", '{"v":1', '{ "v":1'), "TAMPERED"),
    "leaf with a key twice": (text("events/{1}/leaf.json", '{"v":1', '{"v":2,"v":1'), "TAMPERED"),
    "leaf gone": (put("events/{1}/leaf.json", None), "TAMPERED"),
    "leaf empty": (put("events/{1}/leaf.json", b""), "TAMPERED"),
    "leaves swapped": (swap("events/{1}/leaf.json", "events/{2}/leaf.json"), "TAMPERED"),
    "facet edited": (text("events/{1}/facets/what", "Authorize", "Revoke"), "TAMPERED"),
    "facet nulled": (put("events/{1}/facets/what", b""), "TAMPERED"),
    "facet gone": (put("events/{1}/facets/who", None), "TAMPERED"),
    "facets swapped": (swap("events/{1}/facets/request", "events/{1}/facets/response"), "TAMPERED"),
    "facets of two events swapped": (swap("events/{1}/facets/what", "events/{2}/facets/what"), "TAMPERED"),
    "facet of no entry": (stray_facet, "TAMPERED"),
    "salts swapped": (document("events/{1}/salts.json", salts_swapped), "TAMPERED"),
    "salts of two events swapped": (swap("events/{1}/salts.json", "events/{2}/salts.json"), "TAMPERED"),
    "salt flipped": (document("events/{1}/salts.json", salt_flipped), "TAMPERED"),
    "salt short": (document("events/{1}/salts.json", lambda s: s | {"what": "AAAA"}), "TAMPERED"),
    "salt no string": (document("events/{1}/salts.json", lambda s: s | {"what": 1}), "TAMPERED"),
    "salt dropped": (document("events/{1}/salts.json", lambda s: {"who": s["who"]}), "TAMPERED"),
    "salt of unknown facet": (document("events/{1}/salts.json", lambda s: s | {"x": s["who"]}), "TAMPERED"),
    "salts a list": (document("events/{1}/salts.json", list), "TAMPERED"),
    "salts said twice": (text("events/{1}/salts.json", '{"who"', '{"who":"","who"'), "TAMPERED"),
    "salts no JSON": (put("events/{1}/salts.json", b"\xff"), "TAMPERED"),
    "salts gone": (put("events/{1}/salts.json", None), "TAMPERED"),
    "proof of another index": (proof_line(1, "index 3"), "TAMPERED"),
    "proof index with a zero before": (proof_line(1, "index 01"), "TAMPERED"),
    "proof too short": (proof_line(2, None), "TAMPERED"),
    "proof hash of zeros": (proof_line(2, base64.b64encode(bytes(32)).decode()), "TAMPERED"),
    "proof hash of 31 bytes": (proof_line(2, base64.b64encode(bytes(31)).decode()), "TAMPERED"),
    "proof too long": (proof_line(1, "index {0}\n" + base64.b64encode(bytes(32)).decode()), "TAMPERED"),
    "proof header": (proof_line(0, "c2sp.org/tlog-proof@v9"), "TAMPERED"),
    "proofs swapped": (swap("events/{1}/event.tlog-proof", "events/{2}/event.tlog-proof"), "TAMPERED"),
    "proof gone": (put("events/{1}/event.tlog-proof", None), "TAMPERED"),
    "proof garbage": (put("events/{1}/event.tlog-proof", b"\0\xff"), "TAMPERED"),
    "proof under its own checkpoint": (text("events/{1}/event.tlog-proof", "\n34\n", "\n35\n"), "TAMPERED"),
    "checkpoint of another size": (other_size, "TAMPERED"),
    "checkpoint garbage": (put("checkpoint", b"x\n"), "TAMPERED"),
    "checkpoint empty": (put("checkpoint", b""), "TAMPERED"),
    "checkpoint gone": (put("checkpoint", None), "TAMPERED"),
    "signature's last bit": (last_bit, "TAMPERED"),
    "signature with another S": (high_s, "TAMPERED"),
    "signed by a stranger": (foreign_checkpoint, "UNTRUSTED-KEY"),
    "older checkpoint gone": (kept_gone, "TAMPERED"),
    "older checkpoint edited": (kept_edited, "TAMPERED"),
    "older checkpoint renamed": (kept_renamed, "TAMPERED"),
    "step gone": (step_gone, "TAMPERED"),
    "step edited": (step_edited, "TAMPERED"),
    "step longer": (step_longer, "TAMPERED"),
    "step cut": (step_cut, "TAMPERED"),
    "step said of another size": (step_renumbered, "TAMPERED"),
    "manifest gone": (put("manifest.json", None), "TAMPERED"),
    "manifest garbage": (put("manifest.json", b"{"), "TAMPERED"),
    "manifest a list": (put("manifest.json", b"[]"), "TAMPERED"),
    "manifest deep": (put("manifest.json", b"[" * 100_000), "TAMPERED"),
    "manifest of another log": (document("manifest.json", lambda m: m | {"origin": "x"}), "TAMPERED"),
    "manifest of another size": (document("manifest.json", lambda m: m | {"size": 35}), "TAMPERED"),
    "manifest with more": (document("manifest.json", lambda m: m | {"more": 1}), "TAMPERED"),
    "manifest of a newer version": (document("manifest.json", lambda m: m | {"format": "apitrail.bundle@v2"}), "TAMPERED"),
    "manifest's filter unknown": (document("manifest.json", lambda m: m | {"filter": {"x": 1}}), "TAMPERED"),
    "manifest shows what is not there": (document("manifest.json", lambda m: m | {"selected": [4]}), "TAMPERED"),
    "manifest shows in no order": (document("manifest.json", lambda m: m | {"selected": m["selected"][::-1]}), "TAMPERED"),
    "manifest shows what cannot be": (document("manifest.json", lambda m: m | {"selected": [-1]}), "TAMPERED"),
    "manifest shows a heartbeat": (document("manifest.json", lambda m: m | {"selected": [m["size"] - 1]}), "TAMPERED"),
    "manifest's time beyond time": (ask(until=10**30), "TAMPERED"),
    "manifest's range without entries": (document("manifest.json", lambda m: m | {"range": {"first": 0, "last": 33, "opened": ["what"]}}), "TAMPERED"),
    "manifest says a key twice": (text("manifest.json", '"size"', '"range":null,"size"'), "TAMPERED"),
    "the newest entry gone": (newest, "TAMPERED"),
    "a file too many": (put("more.txt", b"x"), "TAMPERED"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_tampering_with_single_entries(name: str, case: Case, judge: Judge) -> None:
    edit, expected = PLAIN[name]
    assert judge(changed(case.plain, lambda content: edit(content, case)))[0] == expected


# -- tampering with a complete range -----------------------------------------------------------


def opened(change: Callable[[list[dict[str, Any]]], None]) -> Edit:
    """Change the lines of the opened facets."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        lines = [json.loads(line) for line in content["range/opened/0.jsonl"].splitlines()]
        change(lines)
        content["range/opened/0.jsonl"] = b"".join(
            json.dumps(line).encode() + b"\n" for line in lines
        )

    return edit


def leaves(change: Callable[[list[bytes]], None]) -> Edit:
    """Change the entries of the range."""

    def edit(content: dict[str, bytes], case: Case) -> None:
        [name] = [name for name in content if name.startswith("tile/")]
        data, entries = content[name], []
        while data:
            (length,) = struct.unpack(">H", data[:2])
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
        change(entries)
        content[name] = b"".join(struct.pack(">H", len(entry)) + entry for entry in entries)

    return edit


def hide_match(content: dict[str, bytes], case: Case) -> None:
    claims = json.loads(content["manifest.json"])
    [match] = claims["selected"]
    content["manifest.json"] = json.dumps(claims | {"selected": []}).encode()
    for name in [name for name in content if name.startswith(f"events/{match}/")]:
        del content[name]


def hide_match_and_open(content: dict[str, bytes], case: Case) -> None:
    """Hide it, and do not open it in the range either."""
    [match] = json.loads(content["manifest.json"])["selected"]
    hide_match(content, case)
    opened(lambda lines: lines.remove(next(x for x in lines if x["index"] == match)))(content, case)


def widen(field: str, by: int) -> Edit:
    def change(claims: dict[str, Any]) -> dict[str, Any]:
        return claims | {"filter": claims["filter"] | {field: claims["filter"][field] + by}}

    return document("manifest.json", change)


def claim(**fields: Any) -> Edit:
    def change(claims: dict[str, Any]) -> dict[str, Any]:
        return claims | {"range": claims["range"] | fields}

    return document("manifest.json", change)


def later(content: dict[str, bytes], case: Case) -> None:
    first = json.loads(content["manifest.json"])["range"]["first"]
    claim(first=first + 2)(content, case)


def earlier(content: dict[str, bytes], case: Case) -> None:
    last = json.loads(content["manifest.json"])["range"]["last"]
    claim(last=last - 1)(content, case)
    content[f"tile/entries/000.p/{last}"] = content.pop(f"tile/entries/000.p/{last + 1}")
    leaves(lambda entries: entries.pop())(content, case)


def swap_facets(lines: list[dict[str, Any]]) -> None:
    lines[2]["facets"], lines[3]["facets"] = lines[3]["facets"], lines[2]["facets"]


def swap_salts(lines: list[dict[str, Any]]) -> None:
    one, other = lines[2]["facets"]["what"], lines[3]["facets"]["what"]
    one["salt"], other["salt"] = other["salt"], one["salt"]


def swap_leaves(entries: list[bytes]) -> None:
    entries[4], entries[5] = entries[5], entries[4]


def edit_leaf(entries: list[bytes]) -> None:
    entries[7] = (
        entries[7].replace(b'"k":"api"', b'"k":"run"').replace(b'"k":"heartbeat"', b'"k":"run"')
    )


def edit_first_leaf(entries: list[bytes]) -> None:
    """One that came along before the range, unopened."""
    entries[0] = entries[0].replace(b'"k":"open"', b'"k":"run"')


COMPLETE: dict[str, tuple[Edit, str]] = {
    "a match hidden": (hide_match, "matches the question and is not shown"),
    "a match hidden and not opened": (hide_match_and_open, "is not opened, nor erased"),
    "an entry not opened": (opened(lambda lines: lines.pop(3)), "is not opened, nor erased"),
    "what not opened": (opened(lambda lines: lines[3]["facets"].clear()), "is not opened, nor erased"),
    "what edited": (opened(lambda lines: lines[3]["facets"]["what"].update(content="{}")), "was altered"),
    "salts of the range swapped": (opened(swap_salts), "was altered"),
    "facets of the range swapped": (opened(swap_facets), "was altered"),
    "a line twice": (opened(lambda lines: lines.append(lines[0])), "does not belong here"),
    "a line of no entry": (opened(lambda lines: lines.append({"index": 300, "facets": {}})), "does not belong here"),
    "a line malformed": (opened(lambda lines: lines.append({"index": "x"})), "malformed"),
    "opened facets gone": (put("range/opened/0.jsonl", None), "is not opened, nor erased"),
    "an entry of the range edited": (leaves(edit_leaf), "does not follow the entry before it"),
    "an entry before the range edited": (leaves(edit_first_leaf), "differs from the entry in the range"),
    "an entry of the range removed": (leaves(lambda entries: entries.pop(5)), "does not hold the entries"),
    "an entry of the range doubled": (leaves(lambda entries: entries.insert(5, entries[5])), "does not hold the entries"),
    "entries of the range swapped": (leaves(swap_leaves), "calls itself entry 5"),
    "entries cut": (leaves(lambda entries: entries.append(b"x" * 3)), "does not hold the entries"),
    "first proof gone": (put("range/first.tlog-proof", None), "has no file"),
    "last proof gone": (put("range/last.tlog-proof", None), "has no file"),
    "ends swapped": (swap("range/first.tlog-proof", "range/last.tlog-proof"), "is a proof of something else"),
    "asked from earlier on": (widen("since", -2 * MINUTE), ""),
    "asked until later": (widen("until", 30_000), "too early for its question"),
    "range begins later": (later, ""),
    "range ends earlier": (earlier, ""),
    "range beyond the log": (claim(last=34), "malformed range"),
    "range backwards": (claim(first=30, last=3), "malformed range"),
    "range opens nothing": (claim(opened=[]), "malformed range"),
    "range longer than its entries": (claim(last=33), "are not those of the range it claims"),
    "a tile too many": (put("tile/entries/007", b""), "are not those of the range it claims"),
    "asked from a time beyond time": (ask(since=10**30), "malformed filter"),
    "asked for something else": (ask(resource_name=["sg-00000000000000000"]), "does not match the question"),
    "asked by user": (ask(username=["alice"]), "does not open what its question needs"),
}  # fmt: skip

# A range that begins with the log's first entry is never too late: that one is honest.
WIDER_AND_TRUE = ("asked from earlier on",)


@pytest.mark.parametrize("name", [name for name in COMPLETE if name not in WIDER_AND_TRUE])
def test_tampering_with_a_range(name: str, case: Case, judge: Judge) -> None:
    edit, expected = COMPLETE[name]
    verdict, message = judge(changed(case.complete, lambda content: edit(content, case)))
    assert verdict == "TAMPERED"
    assert expected in message


def test_a_range_must_reach_back_as_far_as_its_question(case: Case, tmp_path: Path) -> None:
    trail = tmp_path / "trail"
    signer = evidence.day().write(trail)
    asked = Filter(resource_name=(SG,), since=NOON + 20 * MINUTE, until=NOON + 25 * MINUTE)
    honest = evidence.bundle_of(trail, evidence.job(trail, asked, complete=True))
    path = tmp_path / "bundle.zip"
    widened = widen("since", -MINUTE)
    path.write_bytes(changed(honest, lambda content: widened(content, case)))
    report = judges.by_package(path, signer.verifier)
    assert (str(report.verdict), "too late" in report.message) == ("TAMPERED", True)
    assert judges.by_itself(path, signer.verifier, cwd=tmp_path)[1].startswith(
        "TAMPERED: the range begins"
    )


# -- the zip itself ----------------------------------------------------------------------------


def renamed(name: str) -> Callable[[bytes], bytes]:
    return lambda data: zipped(files(data) | {name: b"x"})


def twice(data: bytes) -> bytes:
    """A second checkpoint under the same name, which some readers would take and others not."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        return _appended(data, "checkpoint", b"x")


def _appended(data: bytes, name: str, content: bytes) -> bytes:
    import io

    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr(name, content)
    return out.getvalue()


def lied_size(data: bytes) -> bytes:
    """The table of contents says another length than what comes out."""
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 10) + data[at + 28 :]


def huge_size(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", 0xFFFFFFF0) + data[at + 28 :]


def encrypted(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 8] + struct.pack("<H", 1) + data[at + 10 :]


def odd_method(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return data[: at + 10] + struct.pack("<H", 99) + data[at + 12 :]


def overlapping(data: bytes) -> bytes:
    """All files claim the bytes of one: how a small zip unpacks to a large one."""
    large = zipped(files(data) | {"events/0/facets/who": bytes(10_000_000)})
    parts, at = [], 0
    first = large.index(b"PK\x01\x02")
    where = first
    while large[where : where + 4] == b"PK\x01\x02":
        parts.append(where)
        lengths = struct.unpack("<HHH", large[where + 28 : where + 34])
        where += 46 + sum(lengths)
    out = bytearray(large)
    for at in parts:
        out[at + 20 : at + 24] = struct.pack("<I", len(large) // 2)
    return bytes(out)


ZIPS: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda data: data[: len(data) // 2],
    "cut by a byte": lambda data: data[:-1],
    "only its magic": lambda data: data[:4],
    "a name that climbs": renamed("../escape"),
    "a name that climbs inside": renamed("events/../../escape"),
    "an absolute name": renamed("/etc/escape"),
    "a drive": renamed("C:/escape"),
    "a backslash": renamed("events\\escape"),
    "a folder": renamed("events/"),
    "a name twice": twice,
    "a length that lies": lied_size,
    "a length beyond bounds": huge_size,
    "encrypted": encrypted,
    "packed in an odd way": odd_method,
    "files that overlap": overlapping,
    "a byte of its content": lambda data: data[:90] + bytes([data[90] ^ 1]) + data[91:],
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_no_honest_exporter_writes(
    name: str, case: Case, judge: Judge, tmp_path: Path
) -> None:
    assert judge(ZIPS[name](case.plain))[0] == "TAMPERED"
    assert not list(tmp_path.parent.glob("**/escape"))


# -- keys, time, and what is not in it ---------------------------------------------------------


def test_without_a_key_nothing_is_trusted_and_it_says_where_keys_come_from(
    case: Case, tmp_path: Path
) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(case.plain)
    assert str(judges.by_package(path).verdict) == "UNTRUSTED-KEY"
    (tmp_path / "verify.py").write_bytes(export.writer.program())
    import subprocess

    done = subprocess.run(
        [judges.PYTHON, "verify.py", path],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split(":")[0]) == (1, "UNTRUSTED-KEY")
    assert "must come from elsewhere" in done.stderr


def test_a_bundle_of_another_log_is_not_trusted(case: Case, judge: Judge, tmp_path: Path) -> None:
    evidence.morning().write(tmp_path / "other")
    other = evidence.bundle_of(tmp_path / "other", evidence.job(tmp_path / "other", TOUCHED))
    assert judge(other)[0] == "UNTRUSTED-KEY"


def test_entries_of_another_log_under_this_checkpoint(
    case: Case, judge: Judge, tmp_path: Path
) -> None:
    evidence.morning().write(tmp_path / "other")
    other = files(evidence.bundle_of(tmp_path / "other", evidence.job(tmp_path / "other", TOUCHED)))

    def graft(content: dict[str, bytes]) -> None:
        for name in other:
            if name.startswith(f"events/{case.first}/") and not name.endswith(".tlog-proof"):
                content[name] = other[name]

    assert judge(changed(case.plain, graft)) == (
        "TAMPERED",
        f"entry {case.first}: its proof fails: leaf {case.first} is not what the tree of 34 holds there",
    )


@pytest.mark.parametrize("name", ["plain", "complete"])
def test_no_byte_of_evidence_can_be_changed(
    name: str, case: Case, standalone: Standalone, tmp_path: Path
) -> None:
    """One bit of any file that is evidence, at seeded places; information and claims aside."""
    content = files(getattr(case, name))
    told = {layout.README, layout.VERIFY, layout.VKEY, layout.MANIFEST, layout.KEYS}
    dice = random.Random(4)
    path = tmp_path / "bundle.zip"
    for file in sorted(set(content) - told):
        at = dice.randrange(len(content[file]))
        data = bytearray(content[file])
        data[at] ^= 1 << dice.randrange(8)
        path.write_bytes(zipped(content | {file: bytes(data)}))
        report = judges.by_package(path, case.signer.verifier)
        status, said = standalone(path, case.signer.verifier)
        assert (report.holds, status) == (False, 1), (file, at)
        assert judges.verdict(said) == str(report.verdict), (file, at, said, report.message)


def test_an_unpacked_bundle_is_checked_like_the_zip(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    for file, data in files(case.complete).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    report = judges.by_package(folder, case.signer.verifier)
    status, said = judges.by_itself(folder, case.signer.verifier, cwd=folder)
    assert (status, said.splitlines()) == (0, str(report).splitlines())


def stopped(story: Story) -> Story:
    return story.wait(5 * MINUTE).beat(recording=False)


@pytest.mark.parametrize(
    ("ending", "expected"),
    [
        (stopped, "STALE"),
        (lambda story: stopped(stopped(story)), "STALE"),
        (lambda story: stopped(story.close()), "OK"),
        (lambda story: story.beat(recording=False), "OK"),
        (lambda story: story.wait(5 * MINUTE).beat(), "OK"),
    ],
    ids=["fell silent", "fell silent, exported twice", "closed", "just now", "alive"],
)
def test_staleness_is_measured_against_the_signed_time_of_export(
    ending: Callable[[Story], Story], expected: str, tmp_path: Path
) -> None:
    trail, path = tmp_path / "trail", tmp_path / "bundle.zip"
    signer = ending(Story().open().wait(1000).call(resources=(SG,)).wait(1000)).write(trail)
    path.write_bytes(evidence.bundle_of(trail, evidence.job(trail, TOUCHED)))
    assert str(judges.by_package(path, signer.verifier).verdict) == expected
    assert judges.verdict(judges.by_itself(path, signer.verifier, cwd=tmp_path)[1]) == expected
