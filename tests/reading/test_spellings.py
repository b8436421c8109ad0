"""One resource is asked for by one name, however its calls write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.query import Filter
from apitrail.reading import event_list, resource_history
from apitrail.reading.spellings import spellings
from apitrail.source import Source
from evidence.bundle.evidence import Story

RDS = "AWS::RDS::DBInstance"
ARN = "arn:aws:rds:eu-central-1:123456789012:db:{}"


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("spellings") / "trail"
    story = Story().open()
    story.call("CreateDBInstance", resources=("MyDB",), of=RDS)
    story.call("DeleteDBInstance", resources=("mydb", ARN.format("mydb")), of=RDS)
    story.call("DeleteTable", resources=("MYDB",), of="AWS::DynamoDB::Table")
    story.call("CreateHostedZone", resources=("/hostedzone/Z1ABC",), of="AWS::Route53::HostedZone")
    story.call("DeleteHostedZone", resources=("Z1ABC",), of="AWS::Route53::HostedZone")
    story.call("PutParameter", resources=("db/password",), of="AWS::SSM::Parameter")
    story.beat().close().write(directory)
    return directory


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("mydb", {"mydb", "MyDB"}),
        ("MyDB", {"MyDB", "mydb"}),
        ("MYDB", {"MYDB", "MyDB", "mydb"}),
        (ARN.format("MyDB"), {ARN.format("MyDB"), ARN.format("mydb")}),
        ("Z1ABC", {"Z1ABC", "/hostedzone/Z1ABC"}),
        ("/hostedzone/Z1ABC", {"Z1ABC", "/hostedzone/Z1ABC"}),
        ("hostedzone/Z1ABC", {"hostedzone/Z1ABC", "Z1ABC", "/hostedzone/Z1ABC"}),
        ("z1abc", {"z1abc"}),
        ("/db/password", {"/db/password", "db/password"}),
        ("db/password", {"db/password"}),
        ("/mydb", {"/mydb"}),
        ("sg-0a1b2c3d", {"sg-0a1b2c3d"}),
    ],
)
def test_a_name_stands_for_all_its_spellings(source: Source, asked: str, found: set[str]) -> None:
    assert set(spellings(source, asked)) == found
    assert spellings(source, asked)[0] == asked


def test_a_question_holds_every_spelling(source: Source) -> None:
    where = event_list.resolve(source, Filter(resource_name=("mydb",)))
    assert where.resource_name == ("mydb", "MyDB")
    assert len(list(source.select(where))) == 2


def test_a_history_is_told_of_every_spelling(source: Source) -> None:
    for asked in ("MyDB", "mydb", "/hostedzone/Z1ABC", "Z1ABC"):
        assert len(resource_history.tell(source, asked, Filter()).calls) == 2
