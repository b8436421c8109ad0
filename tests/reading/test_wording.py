"""What a table prints is taken as a question, and a word that cannot match is said."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.query import Filter, Pattern
from apitrail.reading.wording import Wording
from apitrail.source import Source
from apitrail.trail.reader import Reader

CALLS = (
    {"name": "PutParameter", "source": "ssm.amazonaws.com", "user": "Alice", "resource": "/app/key"},
    {"name": "GetParameter", "source": "ssm.amazonaws.com", "user": "bob", "resource": "/app/Key"},
    {"name": "CreateUser", "user": None, "resource": "carol"},
    {"name": "DeleteUser", "user": "bob", "resource": "carol", "run": "3f2a9c01", "labels": {"build": "7"}},
)  # fmt: skip


@pytest.fixture(scope="module")
def trail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wording") / "trail"

    async def work(writer: Any) -> None:
        await writer.append(trails.run("3f2a9c01", {"build": "7"}))
        for number, call in enumerate(CALLS):
            await writer.append(trails.draft(number, **call))

    trails.write(directory, work)
    return directory


type Ask = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def ask(source: Source) -> Ask:
    """How many calls a question finds, and what is said of it."""

    def asked(**fields: Any) -> tuple[int, list[str]]:
        said: list[str] = []
        where = Wording(source, said.append).resolve(Filter(**fields))
        return len(list(source.select(where))), said

    return asked


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("event_name", "PutParameter", 1),
        ("event_name", "ssm:PutParameter", 1),
        ("event_name", "SSM:putparameter", 1),
        ("event_name", "putparameter", 1),
        ("event_name", "*parameter", 2),
        ("event_name", "iam:*", 2),
        ("event_source", "SSM.amazonaws.com", 2),
        ("event_source", "ssm", 2),
        ("event_source", "s*", 2),
        ("username", "alice", 1),
        ("username", "b*", 2),
        ("username", "AKIA0000000000000002", 1),
        ("access_key_id", "akia0000000000000002", 1),
        ("resource_name", "/app/*", 2),
        ("resource_name", "/app/Key", 1),
        ("resource_type", "aws::iam::user", 4),
        ("resource_type", "AWS::IAM::*", 4),
        ("region", "US-EAST-1", 4),
        ("run", "3f2a", 1),
        ("run", "last", 1),
        ("event_id", "00000000-0000-0000-0000-000000000001", 1),
        ("event_id", "00000000", 4),
        ("label", ("build",), 1),
    ],
)
def test_a_question_may_be_written_as_a_table_prints_it(
    field: str, value: Any, found: int, ask: Ask
) -> None:
    assert ask(**{field: (value,)}) == (found, [])


def test_an_error_code_is_found_in_any_case(ask: Ask) -> None:
    assert ask(error="nosuchentity") == (1, [])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("event_name", "PutParamter", "no event here has the name 'PutParamter', and AWS no such operation; the nearest is 'PutParameter'"),
        ("event_name", "ssm:PutParamter", "no event here has the name 'ssm:PutParamter', and AWS no such operation; the nearest is 'ssm:PutParameter'"),
        ("event_name", "sms:PutParameter", "no event here has the name 'sms:PutParameter', and AWS no such operation; the nearest is 'ssm:PutParameter'"),
        ("event_name", "ListObjectsV2", "no event here has the name 'ListObjectsV2', and AWS no such operation; the nearest is 'ListObjects'"),
        ("event_name", "Frobnicate*", "no event here has the name 'Frobnicate*'"),
        ("event_source", "dynamodbb.amazonaws.com", "no event here is of the service 'dynamodbb.amazonaws.com', and none is known; the nearest is 'dynamodb.amazonaws.com'"),
        ("username", "alise", "no event here is by the user 'alise'; the nearest is 'Alice'"),
        ("username", "zzz", "no event here is by the user 'zzz'"),
        ("username", "x*", "no event here is by the user 'x*'"),
        ("access_key_id", "AKIA0000000000000009", "no event here was signed by the access key 'AKIA0000000000000009'; the nearest is 'AKIA0000000000000002'"),
        ("resource_name", "/APP/key", "no event here names the resource '/APP/key'; the nearest is '/app/Key'"),
        ("resource_type", "AWS::IAM::Usr", "no event here is on a resource of the type 'AWS::IAM::Usr'; the nearest is 'AWS::IAM::User'"),
        ("region", "us-esat-1", "no event here is in the region 'us-esat-1'; the nearest is 'us-east-1'"),
        ("source_ip", "10.0.0.9", "no event here came from the address '10.0.0.9'; the nearest is '10.0.0.3'"),
        ("run", "nosuch", "no run here has the id 'nosuch'"),
        ("event_id", "12345678", "no event here has the id '12345678'"),
        ("label", ("build=8",), "no run here has the label 'build=8'; the nearest is 'build=7'"),
        ("label", ("biuld",), "no run here has the label 'biuld'; the nearest is 'build'"),
    ],
)  # fmt: skip
def test_a_word_that_cannot_match_is_said_with_the_nearest(
    field: str, value: Any, said: str, ask: Ask
) -> None:
    found, lines = ask(**{field: (value,)})
    assert found == 0
    # Which of two that are equally near is given is chance.
    chance = {"/app/key": "/app/Key", "10.0.0.2": "10.0.0.3", "10.0.0.1": "10.0.0.3",
              "10.0.0.0": "10.0.0.3", "AKIA0000000000000001": "AKIA0000000000000002",
              "AKIA0000000000000000": "AKIA0000000000000002"}  # fmt: skip
    for other, one in chance.items():
        lines = [line.replace(f"nearest is '{other}'", f"nearest is '{one}'") for line in lines]
    assert lines == [said]


def test_an_unknown_error_code_is_said(ask: Ask) -> None:
    assert ask(error="NoSuchEntitty") == (
        0,
        ["no event here failed with 'NoSuchEntitty'; the nearest is 'NoSuchEntity'"],
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("event_name", "DeleteBucket"),
        ("event_name", "s3:DeleteBucket"),
        ("event_name", "S3:deletebucket"),
        ("event_name", "Delete*Bucket*"),
        ("event_name", "s3:Delete*"),
        ("event_source", "s3.amazonaws.com"),
        ("event_source", "monitoring*"),
        ("resource_type", "AWS::S3::Bucket"),
        ("resource_type", "AWS::Lambda::*"),
    ],
)
def test_what_the_models_know_is_an_answer_without_words(field: str, value: str, ask: Ask) -> None:
    assert ask(**{field: (value,)}) == (0, [])


def test_a_name_that_only_the_models_know_is_asked_in_their_spelling(source: Source) -> None:
    resolved = Wording(source).resolve(Filter(event_name=("deletebucket", "createuser", "s3:x*")))
    assert resolved.event_name == ("DeleteBucket", "CreateUser", Pattern("s3:x*"))


def test_a_run_of_a_trail_without_runs_is_said(tmp_path: Path) -> None:
    directory = tmp_path / "trail"

    async def work(writer: Any) -> None:
        await writer.append(trails.draft(0))

    trails.write(directory, work)
    with Reader(directory) as reader, pytest.raises(UsageError, match="no run was recorded"):
        Wording(reader).resolve(Filter(run=("last",)))


def test_nothing_is_no_start_of_a_run(source: Source) -> None:
    with pytest.raises(UsageError, match="not a run: ''"):
        Wording(source).resolve(Filter(run=("",)))


def test_the_start_of_many_ids_is_refused(tmp_path: Path) -> None:
    with (
        Reader(trails.make(tmp_path / "trail", 25)) as reader,
        pytest.raises(UsageError, match="many events have ids that begin with '00000000'"),
    ):
        Wording(reader).resolve(Filter(event_id=("00000000",)))


def test_a_question_that_finds_something_loads_no_models(trail: Path) -> None:
    program = (
        "import sys\nfrom apitrail.__main__ import run\n"
        f"run(['events', '--trail', {str(trail)!r}, '--event-name', 'ssm:putparameter',"
        " '--username', 'alice'])\n"
        "sys.exit(any(name in sys.modules for name in ('botocore', 'apitrail.aws.find.index')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"ssm:PutParameter" in done.stdout
