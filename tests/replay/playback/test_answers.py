"""Recorded answers by the questions they were given to."""

from apitrail.replay.playback.answers import Answers, Miss
from studio import recorded


def call(name, **fields):
    return recorded(**{
        "service": "iam", "operation": "GetUser", "parameters": {"UserName": name},
        "result": {"User": {"UserName": name}},
    } | fields)  # fmt: skip


def take(answers, name, region=None):
    return answers.take(answers.question("iam", "GetUser", {"UserName": name}), region)


def test_the_same_question_gets_its_answers_in_order_and_the_last_stays():
    first, second = call("mary"), call("mary")
    answers = Answers([first, second], keyed=True)
    assert [take(answers, "mary") for _ in range(3)] == [first, second, second]


def test_each_region_has_its_own():
    west, east = call("mary", region="us-west-2"), call("mary", region="us-east-1")
    answers = Answers([west, east], keyed=True)
    assert take(answers, "mary", "us-east-1") is east
    assert take(answers, "mary", "us-west-2") is west
    assert take(answers, "mary", "eu-west-1") is west


def test_a_miss_names_the_nearest():
    answers = Answers([call("mary", event_id="e1")], keyed=True)
    miss = take(answers, "bob")
    assert isinstance(miss, Miss)
    assert miss.nearest == "e1"
    assert 'UserName is "bob" and was "mary"' in miss.reason


def test_what_was_never_answered_is_not_played():
    assert Answers([call("mary", status=None)], keyed=True).size == 0
