import pytest

from apitrail.aws.call import Map
from apitrail.errors import FormatError
from apitrail.event import Asked, CallFacts, Event, Resource, What, Who
from apitrail.policy.kept_call import KeptCall, Memory


def test_only_what_is_there_is_told():
    bare = KeptCall.parse({"what": b"{}"})
    assert (bare.call.service, bare.call.parameters, bare.touched) == (None, None, ())
    event = Event(
        who=Who(record={"userIdentity": {"accessKeyId": "AKIA"}}),
        what=What(
            call=CallFacts(service="dynamodb", operation="BatchGetItem", error="AccessDenied"),
            resources=(Resource(name="films"), Resource(arn="arn:aws:s3:::b")),
            decision={"effect": "deny"}, kept="metadata",
        ),
        request=Asked(parameters={"RequestItems": {"films": {}}}),
    )  # fmt: skip
    kept = KeptCall.parse(event.facets())
    assert kept.touched == ("arn:aws:s3:::b",)
    assert (kept.withheld, kept.cut, kept.error) == (True, True, "AccessDenied")
    assert isinstance(kept.call.parameters["RequestItems"], Map)
    assert kept.around.access_key_id == "AKIA"


def test_what_is_no_facet_is_refused():
    with pytest.raises(FormatError):
        KeptCall.parse({"what": b"["})


def test_calls_that_are_alike_are_looked_at_once():
    def kept(queue):
        event = Event(
            what=What(call=CallFacts(service="sqs", operation="PurgeQueue", region="eu-west-1")),
            request=Asked(
                parameters={"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/1/{queue}"}
            ),
        )
        return KeptCall.parse(event.facets())

    memory = Memory()
    first = memory.actions(kept("a"))
    assert memory.actions(kept("a")) is first
    assert memory.actions(kept("b")) is not first
