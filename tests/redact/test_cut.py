"""How much of an event each level keeps."""

from apitrail.event import Answered, Asked, BodyFacts, CallFacts, Event, Fault, Http, What, Who
from apitrail.redact.cut import cut
from apitrail.redact.keep import Level

EVENT = Event(
    who=Who(
        record={
            "userIdentity": {"type": "IAMUser", "userName": "John", "accessKeyId": "AKIA1"},
            "userAgent": "cli",
        },
        identity={"type": "IAMUser", "known": "learned", "doubts": ["x"]},
    ),
    what=What(
        record={"eventName": "CreateUser", "requestID": "r1", "eventID": "e"},
        call=CallFacts(service="iam", status=409, error="X", problems=("a doubt",)),
    ),
    request=Asked(
        record={"requestParameters": {"userName": "Mary"}}, parameters={"UserName": "Mary"},
        http=Http(method="POST", target="/?UserName=Mary", body=BodyFacts(length=5, kept=5)),
    ),
    response=Answered(
        record={"responseElements": {"x": 1}, "errorMessage": "no"}, result={"x": 1},
        error=Fault(code="X", message="no", shape="XException"),
        http=Http(status=409, headers=(("a", "b"),), body=BodyFacts(length=2, kept=2)),
    ),
    request_body=b"asked", response_body=b"an",
)  # fmt: skip


def test_full_keeps_all():
    assert cut(EVENT, Level.FULL) is EVENT


def test_request_keeps_what_was_asked_and_the_error():
    kept = cut(EVENT, Level.REQUEST)
    assert kept.request == EVENT.request
    assert (kept.response.result, kept.response_body) == (None, None)
    assert kept.response.record == {"errorMessage": "no"}
    assert kept.response.http.body == BodyFacts(length=2)
    assert kept.what.kept == "request"


def test_metadata_keeps_no_parameters_and_no_headers():
    kept = cut(EVENT, Level.METADATA)
    assert kept.request == Asked(http=Http(method="POST", body=BodyFacts(length=5)))
    assert kept.response.error == Fault(code="X", shape="XException")
    assert kept.response.http.headers == ()
    assert kept.what.call.problems == ()
    assert kept.who == EVENT.who


def test_none_keeps_that_a_call_happened():
    kept = cut(EVENT, Level.NONE)
    assert (kept.request, kept.response, kept.request_body) == (None, None, None)
    assert kept.who.record == {"userIdentity": {"type": "IAMUser", "accessKeyId": "AKIA1"}}
    assert kept.what.record == {"eventName": "CreateUser", "eventID": "e"}
    assert kept.what.undetermined
