"""Two verifiers never give two verdicts, whatever they are handed."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import pytest

from apitrail.query import Filter, Row
from apitrail.trail.rows import Draft
from evidence.bundle import evidence, judges
from evidence.bundle.edits import Case, Judge
from evidence.bundle.evidence import SECOND, SG, Story, changed
from evidence.bundle.judges import Standalone


@pytest.mark.parametrize("facet", ["what", "who"])
def test_a_facet_without_its_salt_is_tampering_also_in_a_range(
    facet: str, case: Case, judge: Judge
) -> None:
    def alter(content: dict[str, bytes]) -> None:
        [index] = json.loads(content["manifest.json"])["selected"]
        salts = json.loads(content[f"events/{index}/salts.json"])
        del salts[facet]
        content[f"events/{index}/salts.json"] = json.dumps(salts).encode()
        content[f"events/{index}/facets/{facet}"] = b'{"a":"lie"}'

    verdict, message = judge(changed(case.complete, alter))
    assert verdict == "TAMPERED"
    assert message.endswith(f"facet {facet!r} has no salt")


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m | {"apitrail": 5}, lambda m: m | {"apitrail": None}, lambda m: m | {"size": 34.0},
        lambda m: m | {"size": True}, lambda m: m | {"origin": [m["origin"]]},
        lambda m: m | {"range": []}, lambda m: m | {"range": False}, lambda m: m | {"filter": []},
        lambda m: m | {"selected": {}}, lambda m: m | {"selected": [True]},
        lambda m: m | {"range": {"first": 0, "last": 1, "opened": [["what"]]}}, lambda _: [],
        lambda m: m | {"filter": {"since": 1.0}}, lambda m: m | {"format": ["apitrail.bundle@v1"]},
    ],
)  # fmt: skip
def test_a_manifest_of_odd_types_is_malformed(edit: object, case: Case, judge: Judge) -> None:
    def odd(content: dict[str, bytes]) -> None:
        said = edit(json.loads(content["manifest.json"]))  # type: ignore[operator]
        content["manifest.json"] = json.dumps(said).encode()

    verdict, message = judge(changed(case.plain, odd))
    assert verdict == "TAMPERED"
    assert "malformed" in message


@pytest.mark.parametrize("more", [b"9" * 5_000, b"[" * 300 + b"]" * 300], ids=["long", "deep"])
def test_json_beyond_bounds_is_refused_on_every_python(
    more: bytes, case: Case, judge: Judge
) -> None:
    def odd(content: dict[str, bytes]) -> None:
        content["manifest.json"] = content["manifest.json"][:-3] + b',"more":' + more + b"}"

    assert judge(changed(case.plain, odd))[0] == "TAMPERED"


@pytest.mark.parametrize(
    "change",
    [lambda data: b"x" + data, lambda data: b"#!/bin/sh\n" * 99 + data, lambda data: data + b"x",
     lambda data: data[:-2] + b"\x01\x00x", lambda data: b""],
    ids=["a byte before", "a script before", "a byte after", "a comment", "nothing"],
)  # fmt: skip
def test_bytes_beside_the_zip_are_refused(change: object, case: Case, judge: Judge) -> None:
    assert judge(change(case.plain))[0] == "TAMPERED"  # type: ignore[operator]


@pytest.mark.parametrize(
    "name",
    [
        "x/y",
        "events/x/leaf.json",
        "checkpoints/x",
        "range/opened/x.jsonl",
        "tile/x",
        "consistency/x",
    ],
)
def test_a_later_version_s_file_may_lie_anywhere(name: str, case: Case, judge: Judge) -> None:
    def add(content: dict[str, bytes]) -> None:
        said = json.loads(content["manifest.json"])
        said["files"] |= {name: hashlib.sha256(b"new").hexdigest()}
        content |= {name: b"new", "manifest.json": json.dumps(said).encode()}

    verdict, message = judge(changed(case.complete, add))
    assert (verdict, message[-41:]) == ("OK", "1 thing of a later version not looked into"[-41:])


@pytest.mark.parametrize(
    "leaf", [b'{"v":1,"i":1e400,"t":1,"p":"","k":"api","c":{}}', b'{"v":1,"i":1,"t":1,"p":"","k":"\\ud800","c":{}}', b"5"],
)  # fmt: skip
def test_an_entry_of_odd_values_is_malformed(leaf: bytes, case: Case, judge: Judge) -> None:
    def put(content: dict[str, bytes]) -> None:
        content[f"events/{case.first}/leaf.json"] = leaf

    assert judge(changed(case.plain, put))[0] == "TAMPERED"


@pytest.mark.parametrize("extra", ["extra !", "extra ", "extra AAE="])
def test_extra_data_in_a_proof_is_base64(extra: str, case: Case, judge: Judge) -> None:
    def put(content: dict[str, bytes]) -> None:
        name = f"events/{case.first}/event.tlog-proof"
        content[name] = content[name].replace(b"\n", f"\n{extra}\n".encode(), 1)

    assert judge(changed(case.plain, put))[0] == ("OK" if extra == "extra AAE=" else "TAMPERED")


def test_a_file_of_two_names_is_refused(case: Case, judge: Judge) -> None:
    out = io.BytesIO(case.plain)
    named = struct.pack("<BL", 1, zlib.crc32(b"keys")) + b"other"
    with zipfile.ZipFile(out, "a") as archive:
        info = zipfile.ZipInfo("keys")
        info.extra = struct.pack("<HH", 0x7075, len(named)) + named
        archive.writestr(info, b"")
    assert judge(out.getvalue())[0] == "TAMPERED"


@pytest.mark.parametrize("name", ["x\ud800y", "\udfff", "é", 'a"b'])
def test_half_a_surrogate_pair_is_one_name_for_both(
    name: str, standalone: Standalone, tmp_path: Path
) -> None:
    record = {"eventID": evidence.event_id_of(1), "eventSource": name, "eventName": "n"}
    what = {"record": record, "call": {"started": 1}, "resources": [{"name": SG}, {"name": name}]}
    row = Row(id=evidence.event_id_of(1), time=evidence.NOON, resources=frozenset({(SG, "")}))
    story = Story().open().wait(SECOND)
    draft = Draft(kind="api", facets={"what": json.dumps(what).encode()}, row=row)
    story.drafts.append((story.at, draft))
    signer = story.wait(SECOND).beat().write(tmp_path / "trail")
    job = evidence.job(tmp_path / "trail", Filter(resource_name=(SG,)), complete=True)
    path = tmp_path / "bundle.zip"
    for asked in (name, name.encode("utf-8", "backslashreplace").decode()):

        def ask(content: dict[str, bytes], asked: str = asked) -> None:
            said = json.loads(content["manifest.json"])
            said["filter"] = {"event_source": [asked]}
            content["manifest.json"] = json.dumps(said).encode()

        path.write_bytes(changed(evidence.bundle_of(tmp_path / "trail", job), ask))
        report = judges.by_package(path, signer.verifier)
        status, said = standalone(path, signer.verifier)
        assert judges.verdict(said) == str(report.verdict), (said, report.message)
        assert said.splitlines() == str(report).splitlines() or status == 1


def test_an_unpacked_bundle_may_have_notes_beside_it(case: Case, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    for file, data in (evidence.files(case.plain) | {"text": b"mine", "key.der": b""}).items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_bytes(data)
    report = judges.by_package(folder, case.signer.verifier)
    status, said = judges.by_itself(folder, case.signer.verifier, cwd=tmp_path)
    assert (status, said.splitlines()) == (0, str(report).splitlines())


def test_both_verifiers_judge_by_operator(tmp_path: Path, standalone: Standalone) -> None:
    story = Story().open().wait(SECOND)
    for operator in ("mary", "agent-7", None, "mary"):
        story.call("StopInstances", user="shared", operator=operator).wait(SECOND)
    signer = story.beat().close().write(tmp_path / "trail")
    data = evidence.bundle_of(
        tmp_path / "trail",
        evidence.job(tmp_path / "trail", Filter(operator=("mary",)), complete=True),
    )
    manifest = json.loads(evidence.files(data)["manifest.json"])
    assert manifest["filter"]["operator"] == ["mary"]
    assert len(manifest["selected"]) == 2

    def asks_for(values: object) -> bytes:
        said = json.dumps(manifest | {"filter": manifest["filter"] | {"operator": values}}).encode()
        return changed(data, lambda content: content.update({"manifest.json": said}))

    verdicts = []
    for content in (data, asks_for(["agent-7"]), asks_for("mary"), asks_for([{"like": "m*"}])):
        path = tmp_path / "bundle.zip"
        path.write_bytes(content)
        report = judges.by_package(path, signer.verifier)
        assert judges.verdict(standalone(path, signer.verifier)[1]) == str(report.verdict)
        verdicts.append(str(report.verdict))
    assert verdicts == ["OK", "TAMPERED", "TAMPERED", "TAMPERED"]


# What some parsers of JSON read and others do not.
LENIENT: list[tuple[bytes, str]] = [
    (b"NaN", "OK"), (b"-Infinity", "OK"), (b"+Infinity", "TAMPERED"), (b"1E+400", "OK"), (b"-0", "OK"),
    (b"01", "TAMPERED"), (b"1.", "TAMPERED"), (b"0x1", "TAMPERED"), (b"[1,]", "TAMPERED"),
    (b'"\xed\xa0\x80"', "OK"), (b'"\\ud800"', "OK"), (b'"\xc0\x80"', "TAMPERED"), (b'"\xff"', "TAMPERED"),
    (b'"\t"', "TAMPERED"), (b'"\x7f"', "OK"), (b'"\\x41"', "TAMPERED"), (b'"\\u+123"', "TAMPERED"),
    (b'{"a":1,"\\u0061":2}', "TAMPERED"), (b'{"__proto__":1,"__proto__":2}', "TAMPERED"),
    (b'{"__proto__":1,"constructor":2}', "OK"), (b"9" * 4_300, "OK"), (b"9" * 4_301, "TAMPERED"),
    (b"[" * 199 + b"]" * 199, "OK"), (b"[" * 200 + b"]" * 200, "TAMPERED"), (b"True", "TAMPERED"),
]  # fmt: skip


@pytest.mark.parametrize(("more", "verdict"), LENIENT)
def test_json_is_read_in_one_way(more: bytes, verdict: str, case: Case, judge: Judge) -> None:
    def add(content: dict[str, bytes]) -> None:
        content["manifest.json"] = (
            content["manifest.json"].rstrip()[:-1] + b',"more":' + more + b"}"
        )

    assert judge(changed(case.plain, add))[0] == verdict


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "utf-32", "utf-32-le"])
def test_json_is_read_in_whatever_python_takes_it_for(
    encoding: str, case: Case, judge: Judge
) -> None:
    def encode(content: dict[str, bytes]) -> None:
        content["manifest.json"] = content["manifest.json"].decode().encode(encoding)

    assert judge(changed(case.plain, encode))[0] == "OK"


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [(b"\n", b"\r", "OK"), (b"\n", b"\r\n", "OK"), (b"\n", b"\n\n", "TAMPERED"),
     (b"\n", b"\x0b\n", "TAMPERED"), (b"\n", "\u2028".encode(), "TAMPERED"),
     (b'"content"', b'"base64"', "TAMPERED"), (b'"index":3,', b'"index":3.0,', "TAMPERED")],
)  # fmt: skip
def test_lines_end_in_one_way(
    old: bytes, new: bytes, verdict: str, case: Case, judge: Judge
) -> None:
    def change(content: dict[str, bytes]) -> None:
        before = content["range/opened/0.jsonl"]
        content["range/opened/0.jsonl"] = before.replace(old, new)
        assert before != content["range/opened/0.jsonl"]

    assert judge(changed(case.complete, change))[0] == verdict


@pytest.mark.parametrize(
    ("method", "extra", "wide", "verdict"),
    [(zipfile.ZIP_STORED, b"", False, "OK"), (zipfile.ZIP_BZIP2, b"", False, "TAMPERED"),
     (zipfile.ZIP_DEFLATED, b"UT\x05\x00\x01\0\0\0\0", False, "OK"),
     (zipfile.ZIP_DEFLATED, b"UT\x50\x00\x01", False, "TAMPERED"),
     (zipfile.ZIP_DEFLATED, b"", True, "OK")],
    ids=["stored", "bzip2", "times", "half a field", "zip64"],
)  # fmt: skip
def test_a_bundle_that_was_packed_again(
    method: int, extra: bytes, wide: bool, verdict: str, case: Case, judge: Judge
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in evidence.files(case.plain).items():
            info = zipfile.ZipInfo(name)
            info.compress_type, info.extra = method, extra
            with archive.open(info, "w", force_zip64=wide) as file:
                file.write(data)
    assert judge(out.getvalue())[0] == verdict


@pytest.mark.parametrize("field", range(4, 46, 2))
def test_one_bit_of_a_line_of_the_table_of_contents(field: int, case: Case, judge: Judge) -> None:
    at = case.plain.index(b"PK\x01\x02") + field
    judge(case.plain[:at] + bytes([case.plain[at] ^ 1]) + case.plain[at + 1 :])
