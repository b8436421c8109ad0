from dataclasses import replace

from apitrail.event import Asked, CallFacts, Event, Http, Resource, Run, What, Who
from apitrail.policy.kept_call import KeptCall, Memory
from apitrail.policy.recorded_question import recorded_question

QUEUE = "arn:aws:sqs:eu-west-1:111122223333:films"
EVENT = Event(
    who=Who(
        record={"sourceIPAddress": "192.0.2.1", "userIdentity": {"accessKeyId": "AKIA"}},
        identity={"account": "111122223333", "session": {"mfa": True}},
        run=Run(id="r1", labels={"build": 7}),
    ),
    what=What(
        call=CallFacts(service="sqs", operation="DeleteQueue", region="eu-west-1", started=0),
        resources=(Resource(arn=QUEUE),),
    ),
    request=Asked(
        parameters={"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/films"},
        http=Http(method="POST", scheme="https"),
    ),
)


def of_event(event):
    return recorded_question(KeptCall.parse(event.facets()), Memory())


def test_what_was_kept_is_asked_about():
    found = of_event(EVENT)
    [action] = found.actions
    assert (action.name, action.resources, action.deletes) == ("sqs:DeleteQueue", (QUEUE,), True)
    assert found.keys["aws:principalaccount"] == ("111122223333",)
    assert found.keys["aws:multifactorauthpresent"] == ("true",)
    assert found.keys["apitrail:label/build"] == ("7",)
    assert found.keys["aws:securetransport"] == ("true",)
    assert found.who == "AKIA"


def test_a_call_of_which_too_little_was_kept_cannot_be_told():
    cut = replace(EVENT, what=replace(EVENT.what, kept="metadata"), request=None)
    assert of_event(cut).doubt == "its parameters were not kept"


def test_what_asked_a_stand_in_about_itself_is_no_call():
    health = replace(EVENT, what=What(stand_in=True), request=Asked(http=Http(method="GET")))
    assert of_event(health) is None
