"""LookupEvents: keys, times, pages, tokens, categories, selectors, and every exception."""

import json

import pytest

import cloudtrails
import trails
from apitrail.__main__ import run
from apitrail.web import lookup
from apitrail.web.cloudtrail_api import CloudTrail
from apitrail.web.content import Served
from cloudtrails import data_record, draft, record

TARGET = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
START = trails.T0 // 1000


def calls():
    """Twelve calls of management, then four of data, and one more of each."""
    yield from (draft(record(number)) for number in range(12))
    yield from (draft(data_record(number)) for number in range(12, 16))
    yield draft(record(16, eventName="CreateRole", readOnly=False), touched=["role", "session"])
    yield draft(data_record(17))


@pytest.fixture(scope="module")
def trail(tmp_path_factory):
    return cloudtrails.make(tmp_path_factory.mktemp("lookup") / "trail", calls())


@pytest.fixture
def ask(trail):
    return asking(trail)


def asking(path):
    api = CloudTrail(Served(path, trails.Clock()))

    def call(operation="LookupEvents", **members):
        status, answer = api.answer(TARGET + operation, json.dumps(members).encode())
        return answer if status == 200 else (answer["__type"], answer["message"])

    return call


def attributes(*pairs):
    return [{"AttributeKey": key, "AttributeValue": value} for key, value in pairs]


def numbers(answer):
    """Which of the calls these are."""
    return [int(event["EventId"].replace("-", ""), 16) - 1 for event in answer["Events"]]


def test_newest_first_and_management_unless_asked(ask):
    assert numbers(ask()) == [16, *range(11, -1, -1)]


def test_a_page_ends_before_its_events_are_too_large(ask, monkeypatch):
    whole = numbers(ask())
    monkeypatch.setattr(lookup, "PAGE_BYTES", 3000)
    page = ask()
    found = numbers(page)
    assert 1 < len(found) < len(whole)
    while "NextToken" in page:
        page = ask(NextToken=page["NextToken"])
        assert page["Events"]
        found += numbers(page)
    assert found == whole


@pytest.mark.parametrize(
    ("category", "wanted"),
    [
        ("management", [16, *range(11, -1, -1)]),
        ("data", [17, 15, 14, 13, 12]),
        ("Data", [17, 15, 14, 13, 12]),
        ("all", list(range(17, -1, -1))),
        ("insight", []),
    ],
)
def test_data_events_on_request(ask, category, wanted):
    assert numbers(ask(EventCategory=category)) == wanted


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("EventId", record(4)["eventID"], [4]),
        ("EventId", "no id", []),
        ("EventName", "GetUser", [10, 7, 4, 1]),
        ("EventName", "getuser", []),
        ("ReadOnly", "true", [10, 7, 4, 1]),
        ("Username", "user1", [11, 9, 7, 5, 3, 1]),
        ("ResourceType", "AWS::IAM::User", [16, *range(11, -1, -1)]),
        ("ResourceName", "target7", [7]),
        ("EventSource", "iam.amazonaws.com", [16, *range(11, -1, -1)]),
        ("EventSource", "s3.amazonaws.com", []),
        ("AccessKeyId", "AKIA0000000000000001", [11, 9, 7, 5, 3, 1]),
    ],
)
def test_each_of_the_eight_keys(ask, key, value, wanted):
    assert numbers(ask(LookupAttributes=attributes((key, value)))) == wanted


@pytest.mark.parametrize(
    ("pairs", "wanted"),
    [
        ([("EventName", "GetUser"), ("Username", "user1")], [7, 1]),
        ([("EventName", "GetUser"), ("Username", "user1"), ("ResourceName", "target7")], [7]),
        ([("EventName", "GetUser"), ("EventName", "CreateUser")], []),
        ([("ResourceName", "role"), ("ResourceName", "session")], [16]),
        ([("ResourceName", "role"), ("ResourceName", "target1")], []),
        ([("EventName", "GetUser"), ("EventId", "no id")], []),
    ],
)
def test_more_attributes_than_one_must_all_hold(ask, pairs, wanted):
    assert numbers(ask(LookupAttributes=attributes(*pairs))) == wanted


@pytest.mark.parametrize(
    ("times", "wanted"),
    [
        ({"StartTime": START + 9}, [16, 11, 10, 9]),
        ({"EndTime": START + 1}, [1, 0]),
        ({"StartTime": START + 3, "EndTime": START + 3}, [3]),
        ({"StartTime": START + 3.001, "EndTime": START + 4.5}, [4, 3]),
        ({"StartTime": START + 3.5, "EndTime": START + 4.001}, []),
        ({"StartTime": START + 100}, []),
    ],
)
def test_both_ends_of_the_time_belong_to_it(ask, times, wanted):
    assert numbers(ask(**times)) == wanted


def test_an_event_has_the_members_of_the_model(ask):
    [event] = ask(LookupAttributes=attributes(("ResourceName", "target4")))["Events"]
    content = json.loads(event.pop("CloudTrailEvent"))
    assert content == record(4)
    assert list(content) == list(record(4))
    assert event == {
        "EventId": record(4)["eventID"],
        "EventName": "GetUser",
        "ReadOnly": "true",
        "AccessKeyId": "AKIA0000000000000000",
        "EventTime": START + 4,
        "EventSource": "iam.amazonaws.com",
        "Username": "user0",
        "Resources": [{"ResourceType": "AWS::IAM::User", "ResourceName": "target4"}],
    }


def pages(ask, most, **members):
    answer = ask(MaxResults=most, **members)
    while True:
        yield numbers(answer)
        if "NextToken" not in answer:
            return
        answer = ask(MaxResults=most, NextToken=answer["NextToken"], **members)


@pytest.mark.parametrize("most", [1, 3, 4, 12, 13, 50])
def test_pages_join_to_the_whole(ask, most):
    found = list(pages(ask, most))
    assert [number for page in found for number in page] == [16, *range(11, -1, -1)]
    assert all(len(page) == most for page in found[:-1])
    assert found[-1]


@pytest.mark.parametrize("look", [1, 2, 5])
def test_a_page_may_be_short_when_much_is_passed_over(ask, monkeypatch, look):
    monkeypatch.setattr(lookup, "LOOK", look)
    found = list(pages(ask, 3))
    assert [number for page in found for number in page] == [16, *range(11, -1, -1)]
    assert max(map(len, found)) <= min(3, look)


def test_events_that_come_meanwhile_do_not_shift_pages(tmp_path):
    path = cloudtrails.make(tmp_path / "trail", [draft(record(n)) for n in range(4)])
    ask = asking(path)
    first = ask(MaxResults=2)
    trails.write(path, lambda trail: trail.append(draft(record(9))), clock=trails.Clock())
    second = ask(MaxResults=2, NextToken=first["NextToken"])
    assert numbers(first) + numbers(second) == [3, 2, 1, 0]


def test_a_token_is_good_for_its_own_question_alone(ask):
    token = ask(MaxResults=2)["NextToken"]
    assert numbers(ask(MaxResults=1, NextToken=token)) == [10]
    other = ask(NextToken=token, LookupAttributes=attributes(("EventName", "GetUser")))
    assert other[0] == "InvalidNextTokenException"


@pytest.mark.parametrize("token", ["", "x", "AAAA", "ä", "A" * 60, "é" * 3])
def test_a_token_that_was_never_given_is_refused(ask, token):
    assert ask(NextToken=token)[0] == "InvalidNextTokenException"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"MaxResults": 0}, "InvalidMaxResultsException"),
        ({"MaxResults": 51}, "InvalidMaxResultsException"),
        ({"MaxResults": True}, "SerializationException"),
        ({"MaxResults": "5"}, "SerializationException"),
        ({"StartTime": 2, "EndTime": 1}, "InvalidTimeRangeException"),
        ({"StartTime": "yesterday"}, "SerializationException"),
        ({"StartTime": 1e300}, "SerializationException"),
        ({"LookupAttributes": attributes(("Colour", "red"))}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": attributes(("ReadOnly", "x"))}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": attributes(("EventName", ""))}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": attributes(("EventName", "_" * 1001))}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": [{"AttributeKey": "EventName"}]}, "InvalidLookupAttributesException"),
        ({"LookupAttributes": ["EventName"]}, "SerializationException"),
        ({"LookupAttributes": "EventName"}, "SerializationException"),
        ({"EventCategory": "everything"}, "InvalidEventCategoryException"),
    ],
)  # fmt: skip
def test_wrong_questions_get_cloudtrails_exceptions(ask, members, code):
    assert ask(**members)[0] == code


def test_a_value_of_the_greatest_length_is_taken(ask):
    assert ask(LookupAttributes=attributes(("EventName", "_" * 1000))) == {"Events": []}


def test_selectors_filter_what_is_looked_up(tmp_path):
    path = cloudtrails.make(tmp_path / "trail", calls())
    ask = asking(path)
    chosen = [{"ReadWriteType": "WriteOnly", "DataResources": []}]
    ask("PutEventSelectors", TrailName="apitrail", EventSelectors=chosen)
    assert numbers(ask()) == [16, 11, 9, 8, 6, 5, 3, 2, 0]
    assert ask(EventCategory="data") == {"Events": []}


def test_a_bundle_is_looked_up_like_its_trail(trail, tmp_path):
    path = tmp_path / "some.bundle"
    assert run(["export", "--trail", str(trail), "--event-name", "GetUser", "-o", str(path)]) == 0
    ask = asking(path)
    assert list(pages(ask, 3)) == [[10, 7, 4], [1]]
    assert ask("PutEventSelectors", TrailName="apitrail", EventSelectors=[{}])[0] == (
        "OperationNotPermittedException"
    )
