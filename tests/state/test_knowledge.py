"""What is known is observed, inferred, or open; and it says which."""

from __future__ import annotations

from apitrail.event import Answered, Asked, CallFacts, Event, Resource, What
from apitrail.state import knowledge
from apitrail.state.call_effect import effect
from apitrail.state.knowledge import Knowledge, Seen, Told
from apitrail.state.wanted import Wanted

FUNCTION = {"FunctionName": "fn", "MemorySize": 128, "Timeout": 3}


class Life:
    """The calls about one function."""

    def __init__(self, service: str = "lambda", name: str = "fn") -> None:
        self.knowledge = Knowledge(Wanted((name,)))
        self.service, self.name, self.calls = service, name, 0

    def call(
        self, operation: str, result=None, *, asked=None, outcome: str = "", error: str = ""
    ) -> tuple[Told, ...]:
        self.calls += 1
        reads = operation.startswith(("Get", "Describe", "List"))
        parameters = {"FunctionName": self.name} if asked is None else asked
        facts = CallFacts(
            service=self.service, operation=operation, region="eu-central-1", error=error or None,
            started=self.calls * 1000, ended=self.calls * 1000 + 20, status=404 if error else 200,
        )  # fmt: skip
        record = {"eventID": f"e{self.calls}", "readOnly": reads}
        event = Event(
            what=What(record=record, call=facts, resources=(Resource(name=self.name),)),
            request=Asked(parameters=parameters), response=Answered(result=result),
        )  # fmt: skip
        said = outcome or ("failed" if error else "read" if reads else "changed")
        return self.knowledge.learn(
            Seen(
                call=effect(self.calls, event), service=self.service, operation=operation,
                parameters=parameters, result=result, is_read=said == "read",
                took_effect=said == "changed", may_have=said == "unknown",
            )
        )  # fmt: skip


def test_a_read_shows_a_state_and_the_next_one_what_differs() -> None:
    life = Life()
    [first] = life.call("GetFunction", {"Configuration": FUNCTION})
    [same] = life.call("GetFunction", {"Configuration": FUNCTION})
    [other] = life.call("GetFunction", {"Configuration": {**FUNCTION, "Timeout": 9}})
    assert [first.how, same.how, other.how] == [knowledge.FIRST, knowledge.SAME, knowledge.CHANGED]
    assert [(each.path, each.was, each.now) for each in other.found] == [("Timeout", 3, 9)]


def test_the_answer_of_a_write_in_the_same_shape_is_an_observation() -> None:
    life = Life()
    life.call("CreateFunction", FUNCTION)
    [told] = life.call("UpdateFunctionConfiguration", {**FUNCTION, "MemorySize": 256})
    assert told.how == knowledge.CHANGED
    [known] = life.knowledge.known
    assert (known.index, known.inferred, known.open) == (2, (), ())


def test_what_a_request_sets_is_inferred_until_it_is_seen() -> None:
    life = Life("sqs", "jobs")
    asked = {"QueueUrl": "https://sqs/1/jobs", "AttributeNames": ["All"]}
    life.call("GetQueueAttributes", {"Attributes": {"Delay": "0"}}, asked=asked)
    setting = {"QueueUrl": "https://sqs/1/jobs", "Attributes": {"Delay": "5"}}
    [told] = life.call("SetQueueAttributes", {}, asked=setting)
    [known] = life.knowledge.known
    assert (told.how, known.value, known.inferred, known.open) == (
        knowledge.INFERRED,
        {"Delay": "5"},
        ("Delay",),
        (2,),
    )
    assert known.index == 1
    life.call("GetQueueAttributes", {"Attributes": {"Delay": "5"}}, asked=asked)
    [known] = life.knowledge.known
    assert (known.inferred, known.open, known.index) == ((), (), 3)


def test_a_write_that_tells_nothing_leaves_the_state_open() -> None:
    life = Life()
    life.call("GetFunction", {"Configuration": FUNCTION})
    [told] = life.call("PutFunctionCodeSigningConfig", {})
    assert told.how == knowledge.OPEN
    [known] = life.knowledge.known
    assert (known.value, known.open) == (FUNCTION, (2,))


def test_a_call_whose_outcome_is_not_known_infers_nothing() -> None:
    life = Life()
    life.call("GetFunction", {"Configuration": FUNCTION})
    [told] = life.call(
        "UpdateFunctionConfiguration",
        None,
        asked={"FunctionName": "fn", "Timeout": 9},
        outcome="unknown",
    )
    assert (told.how, told.value) == (knowledge.OPEN, FUNCTION)


def test_a_refused_call_changes_nothing() -> None:
    life = Life()
    life.call("GetFunction", {"Configuration": FUNCTION})
    assert life.call("UpdateFunctionConfiguration", error="AccessDenied") == ()


def test_what_is_deleted_is_gone_by_inference_and_then_by_sight() -> None:
    life = Life()
    life.call("GetFunction", {"Configuration": FUNCTION})
    [told] = life.call("DeleteFunction", {})
    assert (told.how, told.value) == (knowledge.INFERRED, None)
    [told] = life.call("GetFunction", error="ResourceNotFoundException")
    assert (told.how, told.value) == (knowledge.SAME, None)


def test_a_part_is_touched_by_calls_about_it_alone() -> None:
    life = Life()
    life.call("GetFunction", {"Configuration": FUNCTION})
    life.call("GetPolicy", {"Policy": "{}"})
    assert [each.label for each in life.call("AddPermission", {})] == ["FunctionPolicy"]


def test_members_that_another_kind_of_read_leaves_out_stay_known() -> None:
    life = Life()
    life.call("GetFunction", {"Configuration": {**FUNCTION, "State": "Active"}})
    [told] = life.call("ListFunctions", {"Functions": [FUNCTION]}, asked={})
    assert told.how == knowledge.SAME
    assert life.knowledge.state() == {"Function": {**FUNCTION, "State": "Active"}}
    [known] = life.knowledge.known
    assert (known.index, known.older) == (2, {"State": (1, "GetFunction")})
    [told] = life.call("GetFunction", {"Configuration": FUNCTION})
    assert [(each.path, each.kind) for each in told.found] == [("State", "removed")]
    assert life.knowledge.state() == {"Function": FUNCTION}


def test_two_things_of_one_name_are_told_apart() -> None:
    life = Life("ec2", "web")
    groups = [{"GroupId": "sg-1", "GroupName": "web"}, {"GroupId": "sg-2", "GroupName": "web"}]
    life.call("DescribeSecurityGroups", {"SecurityGroups": groups}, asked={})
    assert list(life.knowledge.state()) == ["SecurityGroup of sg-1", "SecurityGroup of sg-2"]


def test_only_times_that_differ_are_no_news() -> None:
    life = Life()
    life.call(
        "GetFunction", {"Configuration": {**FUNCTION, "LastModified": "2026-01-01T00:00:00Z"}}
    )
    [told] = life.call(
        "GetFunction", {"Configuration": {**FUNCTION, "LastModified": "2026-01-02T00:00:00Z"}}
    )
    assert (told.how, told.is_news) == (knowledge.CHANGED, False)
