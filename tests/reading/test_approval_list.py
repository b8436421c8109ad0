import pytest

from apitrail.event import Asked, CallFacts, Event, Resource, What
from apitrail.reading import approval_list


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0 s"), (119_999, "119 s"), (120_000, "2 min"), (3_600_000, "60 min"), (7_200_000, "2 h")],
)
def test_how_long_is_left(milliseconds, text):
    assert approval_list.span(milliseconds) == text


def test_what_is_shown_of_a_call():
    what = What(
        record={"eventName": "PutObject", "awsRegion": "eu-west-1"}, call=CallFacts(),
        resources=(Resource(arn="arn:aws:s3:::films"), Resource(name="a")),
    )  # fmt: skip
    told = approval_list.shown(Event(what=what, request=Asked(parameters={"Bucket": "films"})))
    assert (told["event"], told["resources"]) == ("PutObject", ["arn:aws:s3:::films", "a"])
    assert told["parameters"] == {"Bucket": "films"}
    long = Event(what=what, request=Asked(parameters={"Bucket": "x" * 5_000}))
    assert approval_list.shown(long)["parameters"] == "too long to be shown"
    assert approval_list.shown(None)["event"] is None


def test_a_row_has_no_control_characters():
    told = {
        "ticket": "t", "asked": 0, "left": 5_000, "state": "asked", "held": True,
        "action": "s3:PutObject", "caller": "a\x1b[31m", "guard": "g", "statement": "S",
        "call": {"resources": ["x\ny"], "event": "PutObject"},
    }  # fmt: skip
    [row], headers = approval_list.laid_out([told])
    assert headers == approval_list.HEADERS
    assert row[2] == "5 s"
    assert row[-1] == "held"
    assert not any("\x1b" in cell or "\n" in cell for cell in row)
    [row], headers = approval_list.laid_out([told | {"stated": "for\x1b notes"}])
    assert (headers[-1], row[-1]) == ("CALLER SAYS", "for\\x1b notes")
