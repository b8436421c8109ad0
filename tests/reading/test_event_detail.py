"""One event whole."""

import json

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.reading import event_detail
from apitrail.tlog.proof import Proof
from apitrail.trail import targets
from apitrail.trail.reader import Reader


@pytest.fixture
def reader(tmp_path):
    with Reader(trails.make(tmp_path / "trail", 3)) as reader:
        yield reader


def test_the_start_of_an_id_will_do(reader):
    assert targets.find(reader, "00000000-0000-0000-0000-000000000002") == 3
    with pytest.raises(UsageError, match="no event 'ffff'"):
        targets.find(reader, "ffff")
    with pytest.raises(UsageError, match="3 events begin with"):
        targets.find(reader, "0000")


def test_json_has_the_event_and_where_it_is_kept(reader):
    identifier = "00000000-0000-0000-0000-000000000002"
    document = json.loads(
        "\n".join(event_detail.lines(reader, identifier, output="json", raw=False))
    )
    assert document["event"]["eventName"] == "GetUser"
    assert document["entry"]["index"] == 3


def test_the_proof_is_of_this_entry(reader):
    proof = Proof.parse(event_detail.proof(reader, "00000000-0000-0000-0000-000000000002").encode())
    assert proof.index == 3
