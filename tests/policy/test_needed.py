from apitrail.event import Asked, CallFacts, Event, What, Who
from apitrail.policy.kept_call import KeptCall
from apitrail.policy.needed import Use, needs

ACCOUNT = "111122223333"


def event(service, operation, parameters=None, *, region="eu-west-1", error=None, **what):
    facts = CallFacts(service=service, operation=operation, region=region, started=0, error=error)
    kept = Event(
        who=Who(record={}, identity={"account": ACCOUNT}),
        what=What(call=facts, **what),
        request=Asked(parameters=parameters or {}),
    )
    return KeptCall.parse(kept.facets())


QUEUE = {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/films"}


def test_uses_are_counted_and_name_their_entries():
    found = needs([(3, event("sqs", "PurgeQueue", QUEUE)), (5, event("sqs", "PurgeQueue", QUEUE))])
    use = Use("sqs:PurgeQueue", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:films")
    assert (found.counts, found.entries) == ({use: 2}, {use: [3, 5]})
    assert found.levels == {"sqs:PurgeQueue": "Write"}


def test_a_region_is_told_where_the_resource_does_not():
    found = needs([(1, event("s3", "GetObject", {"Bucket": "b", "Key": "k"}))])
    assert list(found.counts) == [Use("s3:GetObject", "arn:aws:s3:::b/k", "eu-west-1")]


def test_what_is_on_no_resource_is_on_all():
    found = needs([(1, event("cloudwatch", "PutMetricData", {"Namespace": "x"}))])
    assert list(found.counts) == [Use("cloudwatch:PutMetricData", "*", "eu-west-1")]


def test_refused_calls_are_left_out_unless_they_are_asked_for():
    calls = [
        (1, event("sqs", "PurgeQueue", QUEUE, error="AccessDenied")),
        (2, event("sqs", "PurgeQueue", QUEUE, decision={"effect": "deny"})),
        (3, event("sqs", "PurgeQueue", QUEUE, error="QueueDoesNotExist")),
        (4, event(None, None, stand_in=True)),
    ]
    assert (needs(calls).calls, needs(calls).denied) == (1, 2)
    assert needs(calls, denied=True).calls == 3


def test_an_action_that_iam_does_not_list_is_named():
    found = needs([(1, event("mturk", "NoSuchThing")), (2, event(None, None))])
    assert not found.counts
    assert found.untold == {"mturk:NoSuchThing": 1, "calls that could not be told": 1}


def test_a_service_that_is_not_known_is_written_as_no_arn():
    """IAM refuses a policy with `*` in the place of the service."""
    found = needs([(1, event("backup", "DeleteRecoveryPoint", {"RecoveryPointArn": "x"}))])
    assert {use.resource for use in found.counts} == {"*"}
