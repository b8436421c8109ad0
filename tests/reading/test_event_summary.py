"""One event on one screen."""

from dataclasses import replace

from apitrail.event import (
    Answered,
    Asked,
    CallFacts,
    Event,
    Resource,
    Run,
    What,
    Who,
)
from apitrail.reading import event_summary
from apitrail.reading.event_table import Look

EVENT = Event(
    who=Who(
        record={
            "userIdentity": {"arn": "arn:aws:iam::1:user/John", "accessKeyId": "AKIA1"},
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "aws-cli/2",
        },
        identity={"known": "learned", "signature": "verified"},
        run=Run(id="3f2a", labels={"team": "a", "build": "7"}),
    ),
    what=What(
        record={
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "awsRegion": "us-east-1",
            "eventID": "11111111-2222-4333-8444-555555555555",
            "requestID": "r-1",
        },
        call=CallFacts(started=1_795_330_234_000, ended=1_795_330_234_123, status=200),
        resources=(Resource(arn="arn:aws:iam::1:user/Mary", type="AWS::IAM::User"),),
    ),
    request=Asked(parameters={"UserName": "Mary", "Tags": [{"Key": "a"}], "Nested": {"Deep": 1}}),
    response=Answered(result={"User": {"UserName": "Mary", "Path": "/"}}),
)


def lines(event=EVENT, **look):
    return list(event_summary.lines(event, 7, None, Look(**look)))


def facts(name, event=EVENT):
    """The lines that stand behind a name."""
    found, current = [], ""
    for line in lines(event)[1:]:
        current = line[:10].strip() or current
        if current == name:
            found.append(line[10:])
    return found


def test_it_says_who_and_how_that_is_known():
    assert facts("who") == [
        "arn:aws:iam::1:user/John",
        "access key AKIA1, identity learned, signature verified",
    ]
    assert facts("from") == ["192.0.2.1 with aws-cli/2"]


def test_it_says_what_was_asked_and_answered_by_the_paths_of_members():
    assert facts("asked") == ["UserName = Mary", 'Tags = [{"Key":"a"}]', "Nested.Deep = 1"]
    assert facts("answered") == ["User.UserName = Mary", "User.Path = /"]


def test_the_operator_stands_beside_the_identity():
    sent = replace(EVENT, who=replace(EVENT.who, operator="carol"))
    assert facts("who", sent)[1].startswith("operator carol, access key AKIA1")


def test_labels_of_the_run_are_shown():
    assert facts("run") == ["3f2a build=7 team=a"]


def test_a_refusal_is_the_answer():
    what = replace(EVENT.what, call=replace(EVENT.call, error="AccessDenied"))
    answer = Answered(record={"errorMessage": "not\nyours"})
    refused = replace(EVENT, what=what, response=answer)
    assert lines(refused)[0] == "iam:CreateUser  AccessDenied"
    assert facts("answered", refused) == [r"AccessDenied: not\x0ayours"]


def test_no_answer_says_why():
    what = replace(EVENT.what, call=replace(EVENT.call, failure="reset", error="NoResponse"))
    assert facts("answered", replace(EVENT, what=what, response=None)) == ["nothing: reset"]


def test_what_is_not_disclosed_is_said():
    hidden = replace(EVENT, who=None, request=None, response=None)
    assert facts("who", hidden) == ["not disclosed, or erased"]
    assert facts("asked", hidden) == facts("answered", hidden)
    assert facts("asked", hidden) == ["not kept, not disclosed, or erased"]


def test_nothing_asked_is_nothing():
    assert facts("asked", replace(EVENT, request=Asked(parameters={}))) == ["nothing"]


def test_the_longest_event_fits_a_screen_of_24_lines_and_80_columns():
    many = {f"Member{number}": "x" * 200 for number in range(50)}
    problems = tuple(f"doubt {number} {'x' * 200}" for number in range(9))
    event = replace(
        EVENT,
        what=replace(
            EVENT.what,
            call=replace(EVENT.call, problems=problems),
            resources=tuple(Resource(name=f"r{number}") for number in range(20)),
            undetermined=True,
        ),
        request=Asked(parameters=many),
        response=Answered(result=many),
    )
    shown = lines(event, width=80)
    assert len(shown) < 24
    assert max(map(len, shown)) <= 80
    assert "… and 46 more" in " ".join(shown)


def test_in_a_pipe_nothing_is_cut():
    asked = replace(EVENT, request=Asked(parameters={"Long": "x" * 500}))
    assert facts("asked", asked) == [f"Long = {'x' * 500}"]


def test_what_was_recorded_cannot_drive_a_terminal():
    asked = replace(EVENT, request=Asked(parameters={"\x1b[2J": "\x1b[2J"}))
    assert not any("\x1b" in line for line in lines(asked))


def test_a_call_that_a_guard_refused_touched_nothing():
    decision = {
        "effect": "deny", "guard": "prod", "statement": "NoUsers", "action": "iam:CreateUser",
    }  # fmt: skip
    denied = replace(EVENT, what=replace(EVENT.what, decision=decision))
    lines = list(event_summary.lines(denied, 1, None, Look(width=None)))
    assert "guard     not sent: refused by prod, statement NoUsers: iam:CreateUser" in lines
    assert "was about AWS::IAM::User arn:aws:iam::1:user/Mary" in lines
    marked = {"effect": "watch", "would": "deny", "guard": "prod", "action": "iam:CreateUser"}
    watched = replace(EVENT, what=replace(EVENT.what, decision=marked))
    lines = list(event_summary.lines(watched, 1, None, Look(width=None)))
    assert "guard     marked by prod: iam:CreateUser" in lines


def test_a_call_that_was_asked_about_tells_its_ticket_and_its_budget():
    asked = {"effect": "ask", "guard": "prod", "statement": "Big", "action": "iam:CreateUser", "ticket": "3f9a", "outcome": "lapsed", "spent": {"apitrail:spent/run/calls/*": "6"}}  # fmt: skip

    def told(decision):
        found = replace(EVENT, what=replace(EVENT.what, decision=decision))
        return "\n".join(event_summary.lines(found, 0, None, Look(width=None)))

    refused = told(asked)
    assert "guard     asked for by prod, statement Big: iam:CreateUser" in refused
    assert "approval  not sent: lapsed, ticket 3f9a" in refused
    assert "budget    apitrail:spent/run/calls/* would have been 6" in refused
    passed = told({**asked, "effect": "allow", "outcome": "approved"})
    assert "approval  approved, ticket 3f9a" in passed
