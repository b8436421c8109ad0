"""Whatever is done to single entries of a bundle has its verdict, and both verifiers give the same."""

from __future__ import annotations

import base64
import json

import pytest

from apitrail.tlog.note import Note, Signer, sign
from evidence.bundle.edits import (
    Case,
    Edit,
    Judge,
    ask,
    document,
    put,
    swap,
    text,
)
from evidence.bundle.evidence import changed


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


def proof_longer(content: dict[str, bytes], case: Case) -> None:
    name = f"events/{case.first}/event.tlog-proof"
    content[name] = content[name].replace(b"\n\n", b"\n" + base64.b64encode(bytes(32)) + b"\n\n", 1)


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
    "leaf edited": (text("events/{1}/leaf.json", '"k":"api"', '"k":"run"'), "its proof fails: leaf"),
    "leaf's time edited": (text("events/{1}/leaf.json", '"t":1', '"t":2'), "its proof fails: leaf"),
    "leaf spelled otherwise": (text("events/{1}/leaf.json", '{"v":1', '{ "v":1'), "malformed entry"),
    "leaf with a key twice": (text("events/{1}/leaf.json", '{"v":1', '{"v":2,"v":1'), "malformed entry"),
    "leaf gone": (put("events/{1}/leaf.json", None), "it is said to be shown and is not there"),
    "leaf empty": (put("events/{1}/leaf.json", b""), "malformed entry"),
    "leaves swapped": (swap("events/{1}/leaf.json", "events/{2}/leaf.json"), "calls itself entry"),
    "facet edited": (text("events/{1}/facets/what", "Authorize", "Revoke"), "facet 'what' was altered"),
    "facet nulled": (put("events/{1}/facets/what", b""), "facet 'what' was altered"),
    "facet gone": (put("events/{1}/facets/who", None), "has no file"),
    "facets swapped": (swap("events/{1}/facets/request", "events/{1}/facets/response"), "facet 'request' was altered"),
    "facets of two events swapped": (swap("events/{1}/facets/what", "events/{2}/facets/what"), "facet 'what' was altered"),
    "facet of no entry": (stray_facet, "belongs to no entry"),
    "salts swapped": (document("events/{1}/salts.json", salts_swapped), "facet 'request' was altered"),
    "salts of two events swapped": (swap("events/{1}/salts.json", "events/{2}/salts.json"), "facet 'who' was altered"),
    "salt flipped": (document("events/{1}/salts.json", salt_flipped), "facet 'what' was altered"),
    "salt short": (document("events/{1}/salts.json", lambda s: s | {"what": "AAAA"}), "3 bytes instead of 32"),
    "salt no string": (document("events/{1}/salts.json", lambda s: s | {"what": 1}), "a salt is not a string"),
    "salt dropped": (document("events/{1}/salts.json", lambda s: {"who": s["who"]}), "has no salt"),
    "salt of unknown facet": (document("events/{1}/salts.json", lambda s: s | {"X": s["who"]}), "does not hold salts"),
    "salts a list": (document("events/{1}/salts.json", list), "does not hold salts"),
    "salts said twice": (text("events/{1}/salts.json", '{"who"', '{"who":"","who"'), "a key is said twice"),
    "salts no JSON": (put("events/{1}/salts.json", b"\xff"), "salts.json is not JSON"),
    "salts gone": (put("events/{1}/salts.json", None), "has no salt"),
    "proof of another index": (proof_line(1, "index 3"), "its entry and its proof are not of this index"),
    "proof index with a zero before": (proof_line(1, "index 01"), "not a canonical decimal"),
    "proof too short": (proof_line(2, None), "is too short"),
    "proof hash of zeros": (proof_line(2, base64.b64encode(bytes(32)).decode()), "its proof fails: leaf"),
    "proof hash of 31 bytes": (proof_line(2, base64.b64encode(bytes(31)).decode()), "31 bytes instead of 32"),
    "proof too long": (proof_longer, "is too long"),
    "proof header": (proof_line(0, "c2sp.org/tlog-proof@v9"), "not a c2sp.org/tlog-proof@v1 file"),
    "proofs swapped": (swap("events/{1}/event.tlog-proof", "events/{2}/event.tlog-proof"), "its entry and its proof are not of this index"),
    "proof gone": (put("events/{1}/event.tlog-proof", None), "has no file"),
    "proof garbage": (put("events/{1}/event.tlog-proof", b"\0\xff"), "proof is not UTF-8"),
    "proof under its own checkpoint": (text("events/{1}/event.tlog-proof", "\n34\n", "\n35\n"), "its proof is under another checkpoint"),
    "checkpoint of another size": (other_size, "is not good"),
    "checkpoint garbage": (put("checkpoint", b"x\n"), "checkpoint: malformed note"),
    "checkpoint empty": (put("checkpoint", b""), "checkpoint: malformed note"),
    "checkpoint gone": (put("checkpoint", None), "has no file 'checkpoint'"),
    "signature's last bit": (last_bit, "is not good"),
    "signature with another S": (high_s, "is not good"),
    "signed by a stranger": (foreign_checkpoint, "which is not a key you trust"),
    "older checkpoint gone": (kept_gone, "do not lead from each checkpoint to the next"),
    "older checkpoint edited": (kept_edited, "is not good"),
    "older checkpoint renamed": (kept_renamed, "is of 1"),
    "step gone": (step_gone, "do not lead from each checkpoint to the next"),
    "step edited": (step_edited, "does not continue"),
    "step longer": (step_longer, "is too long"),
    "step cut": (step_cut, "is too short"),
    "step said of another size": (step_renumbered, "is of something else"),
    "manifest gone": (put("manifest.json", None), "has no file 'manifest.json'"),
    "manifest garbage": (put("manifest.json", b"{"), "manifest.json is not JSON"),
    "manifest a list": (put("manifest.json", b"[]"), "malformed manifest.json"),
    "manifest deep": (put("manifest.json", b"[" * 100_000), "manifest.json is not JSON"),
    "manifest of another log": (document("manifest.json", lambda m: m | {"origin": "x"}), "of another log or size"),
    "manifest of another size": (document("manifest.json", lambda m: m | {"size": 35}), "of another log or size"),
    "manifest of a newer version": (document("manifest.json", lambda m: m | {"format": "apitrail.bundle@v3"}), "one of a newer apitrail"),
    "manifest shows what is not there": (document("manifest.json", lambda m: m | {"selected": [4]}), "it is said to be shown and is not there"),
    "manifest shows in no order": (document("manifest.json", lambda m: m | {"selected": m["selected"][::-1]}), "malformed manifest.json"),
    "manifest shows what cannot be": (document("manifest.json", lambda m: m | {"selected": [-1]}), "malformed manifest.json"),
    "manifest shows a heartbeat": (document("manifest.json", lambda m: m | {"selected": [m["size"] - 1]}), "is shown and is no call"),
    "manifest's time beyond time": (ask(until=10**30), "malformed filter"),
    "manifest's range without entries": (document("manifest.json", lambda m: m | {"range": {"first": 0, "last": 33, "opened": ["what"]}}), "not those of the range it claims"),
    "manifest says a key twice": (text("manifest.json", '"size"', '"range":null,"size"'), "a key is said twice"),
    "the newest entry gone": (newest, "it dates the export and is not there"),
    "a file too many": (put("more.txt", b"x"), "does not belong in a bundle"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_tampering_with_single_entries(name: str, case: Case, judge: Judge) -> None:
    edit, expected = PLAIN[name]
    verdict, message = judge(changed(case.plain, lambda content: edit(content, case)))
    assert verdict == ("UNTRUSTED-KEY" if name == "signed by a stranger" else "TAMPERED")
    assert expected in message
