"""Lines of OCSF: valid, chained, each with a proof that `apitrail verify` takes."""

from __future__ import annotations

import base64
import hashlib
import json

import jsonschema
import pytest
import rfc8785
from moto import mock_aws
from ocsf_json_schema import get_ocsf_schema
from ocsf_json_schema.embedded import OcsfJsonSchemaEmbedded

from apitrail.delivery import export
from apitrail.errors import UsageError
from apitrail.event import Answered, CallFacts, Event, What
from apitrail.evidence import receipt
from apitrail.evidence.verify import Trust, Verdict
from apitrail.query import Filter
from apitrail.reading import ocsf
from apitrail.tlog.note import Note
from apitrail.tlog.proof import Proof
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from studio import Studio


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    directory = tmp_path_factory.mktemp("ocsf") / "trail"
    with mock_aws():
        studio = Studio()
        iam = studio.client("iam")
        iam.create_user(UserName="mary")
        with pytest.raises(iam.exceptions.EntityAlreadyExistsException):
            iam.create_user(UserName="mary")
        iam.list_users()
        studio.client("sts").get_caller_identity()
        studio.client("dynamodb").list_tables()
    return studio.record(directory)


@pytest.fixture(scope="module")
def lines(trail, tmp_path_factory):
    path = tmp_path_factory.mktemp("ocsf") / "calls.jsonl"
    with Reader(trail) as reader:
        export.to_file(reader, export.Job(), form="ocsf", path=path)
    return path.read_bytes().splitlines()


def test_each_line_is_canonical_and_valid(lines):
    of_all = OcsfJsonSchemaEmbedded(get_ocsf_schema(ocsf.VERSION))
    schema = jsonschema.Draft202012Validator(of_all.get_class_schema("api_activity", ["cloud"]))
    assert len(lines) == 5
    for line in lines:
        schema.validate(json.loads(line))
        assert rfc8785.dumps(json.loads(line)) == line


def attestation_of(made):
    [attestation] = made["unmapped"]["record_integrity"]["attestation_list"]
    return attestation


def test_each_line_is_fingerprinted_with_the_one_before(lines):
    before = None
    for line in lines:
        made = json.loads(line)
        attestation = attestation_of(made)
        found, _ = attestation.pop("fingerprint"), attestation.pop("signatures")
        assert found["value"] == hashlib.sha256(rfc8785.dumps(made)).hexdigest()
        assert attestation.get("prev_event") == before
        assert attestation["chain_uid"] == made["metadata"]["log_name"]
        before = {
            "fingerprint": found, "uid": made["metadata"]["uid"], "type_uid": made["type_uid"],
        }  # fmt: skip


def test_a_line_that_is_altered_moved_or_left_out_breaks_the_chain(lines):
    def holds(told):
        before = None
        for line in told:
            made = json.loads(line)
            attestation = attestation_of(made)
            found, _ = attestation.pop("fingerprint"), attestation.pop("signatures")
            told = (attestation.get("prev_event") or {}).get("fingerprint")
            if told != before or found["value"] != hashlib.sha256(rfc8785.dumps(made)).hexdigest():
                return False
            before = found
        return True

    assert holds(lines)
    assert not holds(lines[1:])
    assert not holds([lines[0], *lines[2:]])
    assert not holds([lines[1], lines[0], *lines[2:]])
    assert not holds([lines[0].replace(b"CreateUser", b"DeleteUser"), *lines[1:]])


def test_the_checkpoint_is_its_signature(lines, trail):
    verifier = Keys.of(trail).signer().verifier
    for line in lines:
        made = json.loads(line)
        attestation = attestation_of(made)
        [signature] = attestation["signatures"]
        text = Note.parse(Proof.parse(made["unmapped"]["apitrail"]["proof"]).checkpoint_note).text
        assert signature["digest"]["value"] == hashlib.sha256(text.encode()).hexdigest()
        assert verifier.verify(text.encode(), base64.b64decode(signature["value"]))
        assert attestation["authority_uid"] == f"{verifier.name}+{verifier.key_id.hex()}"


def test_attestations_are_as_ocsf_1_9_has_them(lines):
    """Its objects `attestation`, `prev_event`, `fingerprint` and `digital_signature`: no schema of 1.9 is on PyPI."""
    for at, line in enumerate(lines):
        attestation = attestation_of(json.loads(line))
        members = {"uid", "chain_uid", "authority_uid", "fingerprint", "signatures"}
        assert set(attestation) == (members | {"prev_event"} if at else members)
        for fingerprint in (
            attestation["fingerprint"], *(each["digest"] for each in attestation["signatures"]),
        ):  # fmt: skip
            assert (fingerprint["algorithm_id"], fingerprint["encoding_id"]) == (3, 1)
            assert len(bytes.fromhex(fingerprint["value"])) == 32


def test_each_line_proves_its_entry(lines, trail, tmp_path):
    trust = Trust((Keys.of(trail).signer().verifier,), "this test")
    for line in lines:
        path = tmp_path / "proof"
        ours = json.loads(line)["unmapped"]["apitrail"]
        path.write_text(ours["proof"])
        report = receipt.verify_file(path, trust, step=lambda _: None)
        assert report.verdict is Verdict.OK


def test_a_question_selects_calls(trail, tmp_path):
    path = tmp_path / "calls"
    with Reader(trail) as reader:
        job = export.Job(where=Filter(event_name=("CreateUser",)))
        assert export.to_file(reader, job, form="ocsf", path=path) == 2
        with pytest.raises(UsageError, match="only a bundle"):
            export.to_file(reader, export.Job(complete=True), form="ocsf", path=path)


def test_what_json_cannot_carry_everywhere_is_a_text():
    from apitrail.delivery import ocsf_lines

    call = CallFacts(started=1, status=200)
    answer = Answered(
        record={"responseElements": {"n": 1 << 60, "text": "\ud800", "é": [True, 1.5]}}
    )
    made = ocsf.activity(Event(what=What(call=call), response=answer)) | {"unmapped": {}}
    line, _ = ocsf_lines._sealed(made, {"uid": ""}, [])
    data = json.loads(line)["api"]["response"]["data"]
    assert data == {"n": str(1 << 60), "text": "?", "é": [True, 1.5]}
