"""Lines of OCSF: valid, chained, each with a proof that `apitrail verify` takes."""

from __future__ import annotations

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


def test_each_line_is_fingerprinted_with_the_one_before(lines):
    before = None
    for line in lines:
        made = json.loads(line)
        [attestation] = made["unmapped"]["record_integrity"]["attestation_list"]
        found = attestation.pop("fingerprint")
        assert found["value"] == hashlib.sha256(rfc8785.dumps(made)).hexdigest()
        assert attestation.get("prev_event") == before
        assert attestation["chain_uid"] == made["metadata"]["log_name"]
        before = {"fingerprint": found}


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
    line, _ = ocsf_lines._sealed(made, "log", None)
    data = json.loads(line)["api"]["response"]["data"]
    assert data == {"n": str(1 << 60), "text": "?", "é": [True, 1.5]}
