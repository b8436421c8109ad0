"""Lists of calls and single ones, of one run and of all."""

import json

import pytest

from apitrail.errors import UsageError


def ids(answer):
    return [each["entry"] for each in answer["events"]]


def test_a_run_sees_its_own_calls_newest_first(ask, own):
    answer = ask(own, "events")
    assert ids(answer) == [9, 7, 6, 4]
    assert answer["events"][0]["refusedByGuard"] is True
    assert "run" not in answer["events"][0]


def test_all_runs_are_told_apart(ask, every):
    assert [each.get("run") for each in ask(every, "events")["events"]] == [
        "mine", None, "mine", "mine", "theirs", "mine",
    ]  # fmt: skip


def test_pages_follow_each_other(ask, own):
    first = ask(own, "events", max_results=3)
    assert ids(first) == [9, 7, 6]
    second = ask(own, "events", max_results=3, next_token=first["next_token"])
    assert (ids(second), second["next_token"]) == ([4], None)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"attribute_key": "EventName", "attribute_value": "DeleteUser"}, [7]),
        ({"attribute_key": "EventName", "attribute_value": "Create*"}, [9, 6, 4]),
        ({"attribute_key": "ResourceName", "attribute_value": "shared"}, [7, 4]),
        ({"attribute_key": "ReadOnly", "attribute_value": "False"}, [9, 7, 6, 4]),
        ({"attribute_key": "EventSource", "attribute_value": "iam"}, [9, 7, 6, 4]),
        ({"attribute_key": "EventId", "attribute_value": "00000000-0000-0000-0000-000000000001"}, [4]),
        ({"errors_only": True}, [9, 7]),
        ({"region": "us-east-1"}, [9, 7, 6, 4]),
        ({"region": "eu-west-1"}, []),
        ({"start_time": "1 day ago", "end_time": "now"}, [9, 7, 6, 4]),
        ({"start_time": "2030-01-01T00:00:00Z"}, []),
        ({"attribute_key": None, "attribute_value": None, "region": None}, [9, 7, 6, 4]),
    ],
)  # fmt: skip
def test_arguments_are_those_of_lookup_events(ask, own, arguments, found):
    assert ids(ask(own, "lookup_events", **arguments)) == found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Username", "mary"), ("EventId", "00000000-0000-0000-0000-000000000029"),
        ("ResourceName", "nobodys"),
    ],
)  # fmt: skip
def test_what_only_others_have_is_not_found_and_not_named(ask, own, key, value):
    answer = ask(own, "events", attribute_key=key, attribute_value=value)
    assert answer["events"] == []
    assert "theirs" not in json.dumps(answer)


def test_a_word_that_cannot_match_is_said_by_the_words_of_the_run_alone(ask, own):
    [note] = ask(own, "events", attribute_key="Username", attribute_value="marry")["notes"]
    assert "mary" not in note


def test_attributes_come_in_pairs(ask, own):
    with pytest.raises(UsageError, match="belong together"):
        ask(own, "events", attribute_key="EventName")


def test_a_call_is_shown_whole_without_control_characters(ask, own):
    answer = ask(own, "show", event_id="00000000-0000-0000-0000-000000000002")
    assert answer["event"]["eventName"] == "CreateUser"
    assert answer["request"]["parameters"] == {"UserName": "other\\x1b[31m"}
    assert (answer["entry"]["index"], answer["cut"]) == (6, False)


@pytest.mark.parametrize("prefix", ["00000000-0000-0000-0000-000000000029", "zz", "0000000000000000000000000000002a"])  # fmt: skip
def test_a_call_of_another_run_is_not_there(ask, own, every, prefix):
    with pytest.raises(UsageError, match="no event"):
        ask(own, "show", event_id=prefix)
    if prefix != "zz":
        assert ask(every, "show", event_id=prefix)["event"]["eventName"] == "DeleteUser"


def test_the_start_of_an_id_is_counted_among_the_runs_own(ask, own, every):
    assert ask(own, "show", event_id="00000000-0000-0000-0000-000000000004")["entry"]["index"] == 9
    with pytest.raises(UsageError, match="4 events begin with"):
        ask(own, "show", event_id="0000")
    with pytest.raises(UsageError, match="6 events begin with"):
        ask(every, "show", event_id="0000")
