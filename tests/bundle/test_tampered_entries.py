"""Whatever is done to single entries of a bundle has its verdict, and both verifiers give the same."""

from __future__ import annotations

import base64
import json

import pytest

from apitrail.tlog.note import Note, Signer, sign
from bundle.edits import (
    Case,
    Edit,
    Judge,
    ask,
    document,
    put,
    swap,
    text,
)
from bundle.evidence import changed


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
