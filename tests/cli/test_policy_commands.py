import json

import pytest
from click.testing import CliRunner

import trails
from apitrail.cli import apitrail
from apitrail.event import Asked, CallFacts, Event, Resource, What, Who
from apitrail.trail.rows import Draft

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:films"


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    """A trail with one call: SendMessage."""
    event = Event(
        who=Who(record={"userIdentity": {"userName": "mary"}}, identity={"account": "111122223333"}),
        what=What(
            record={"eventID": "00000000-0000-0000-0000-000000000001",
                    "eventSource": "sqs.amazonaws.com", "eventName": "SendMessage"},
            call=CallFacts(service="sqs", operation="SendMessage", region="eu-west-1",
                           started=trails.T0, ended=trails.T0),
            resources=(Resource(arn=QUEUE),),
        ),
        request=Asked(parameters={"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/films"}),
    )  # fmt: skip
    directory = tmp_path_factory.mktemp("policy") / "trail"
    draft = Draft(kind="api", facets=event.facets(), row=event.row())
    trails.write(directory, lambda trail: trails.append_all(trail, [draft]))
    return directory


def policy(trail, *arguments):
    return CliRunner().invoke(apitrail, ["--trail", str(trail), "policy", *arguments])


def test_the_policy_that_was_needed(trail):
    told = policy(trail)
    [statement] = json.loads(told.stdout)["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", QUEUE)
    assert "from 1 call" in told.stderr


def test_it_can_be_explained_and_be_a_guard(trail, tmp_path):
    assert QUEUE in policy(trail, "--explain").stdout
    assert "aws_iam_policy_document" in policy(trail, "--format", "terraform").stdout
    (tmp_path / "only.json").write_text(policy(trail, "--deny-all-but").stdout)
    tried = CliRunner().invoke(
        apitrail, ["--trail", str(trail), "guard", "test", str(tmp_path / "only.json")]
    )
    assert "0 of 1 call would have been refused" in tried.stderr
    broad = tmp_path / "broad.json"
    broad.write_text('{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}')
    assert "too broad" in policy(trail, "--existing", str(broad)).stdout


def test_what_excludes_each_other(trail):
    assert policy(trail, "--explain", "--deny-all-but").exit_code
    assert policy(trail, "--username", "nobody").exit_code


def test_how_many_resources_stand_behind_a_general_one_is_told(tmp_path):
    def draft(number):
        call = CallFacts(service="s3", operation="GetObject", region="eu-west-1", started=trails.T0, ended=trails.T0)  # fmt: skip
        record = {"eventID": f"00000000-0000-0000-0000-{number:012}", "eventSource": "s3.amazonaws.com", "eventName": "GetObject"}  # fmt: skip
        event = Event(
            who=Who(record={}, identity={"account": "111122223333"}), what=What(record=record, call=call),
            request=Asked(parameters={"Bucket": "films", "Key": f"posters/{'abcdefgh'[number]}.jpg"}),
        )  # fmt: skip
        return Draft(kind="api", facets=event.facets(), row=event.row())

    trails.write(
        tmp_path / "t", lambda trail: trails.append_all(trail, [draft(n) for n in range(8)])
    )
    told = policy(tmp_path / "t", "--generalise")
    assert json.loads(told.stdout)["Statement"][0]["Resource"] == "arn:aws:s3:::films/posters/*"
    assert "arn:aws:s3:::films/posters/* stands for 8 resources" in told.stderr
