"""Why calls were refused."""

import json

import pytest

import trails
from agents import PENDING, refused, ruling
from apitrail.errors import UsageError
from apitrail.web.mcp.visible import Visible


def test_the_newest_refusal_is_explained_with_the_guards_statement(ask, own):
    answer = ask(own, "explain_denial")
    assert (answer["refused_by"], answer["sent"], answer["can_be_approved"]) == ("guard", False, True)  # fmt: skip
    assert answer["statement_text"] == {"Effect": "Ask", "Action": "iam:CreateUser"}
    assert (answer["ticket"], answer["call"]["entry"]) == ("t1", 9)
    assert answer["call"]["parameters"] == {"UserName": "wanted"}
    assert answer["ticket_state"] == "asked"
    assert "request_approval" in answer["next"]


@pytest.mark.parametrize(
    ("outcome", "steps", "state", "what_next"),
    [
        ("pending", ["approved"], "approved", "it passes once"),
        ("denied", ["denied"], "denied", "do not repeat"),
        ("pending", ["approved", "used"], "used", "make the call again"),
        ("lapsed", [], None, "make the call again"),
        ("full", [], None, "too many calls wait"),
    ],
)
def test_what_to_do_depends_on_how_its_ticket_stands(
    ask, tmp_path, outcome, steps, state, what_next
):
    call = refused(3, PENDING | {"outcome": outcome}, name="CreateUser", run="r")
    said = [
        ruling("t1", "asked", 3, until=trails.T0 + 99_000),
        *(ruling("t1", step) for step in steps),
    ]
    drafts = [trails.run("r"), *(said if steps else []), call]
    trails.write(tmp_path / "t", lambda trail: trails.append_each(trail, drafts))
    answer = ask(Visible(tmp_path / "t", "r", lambda: trails.T0 + 50), "explain_denial")
    assert answer.get("ticket_state") == state
    assert what_next in answer["next"]


def test_a_deny_cannot_be_approved(ask, own):
    answer = ask(own, "explain_denial", event_id="00000000-0000-0000-0000-000000000003")
    assert (answer["effect"], answer["can_be_approved"]) == ("deny", False)
    assert answer["statement_text"]["Sid"] == "NoDelete"
    assert "no approval lets it pass" in answer["next"]
    assert "Ask" not in json.dumps(answer["statement_text"])


def test_a_call_that_went_well_was_not_refused(ask, own):
    with pytest.raises(UsageError, match="was not refused: it went well"):
        ask(own, "explain_denial", event_id="00000000-0000-0000-0000-000000000001")


def test_a_refusal_of_another_run_is_not_there(ask, own):
    with pytest.raises(UsageError, match="no event"):
        ask(own, "explain_denial", event_id="00000000-0000-0000-0000-000000000029")


def test_aws_refuses_for_want_of_actions(ask, tmp_path):
    draft = trails.told(0, "CreateUser", run="r")
    what = json.loads(draft.facets["what"])
    what["call"]["error"] = what["record"]["errorCode"] = "AccessDenied"
    facets = {**draft.facets, "what": trails.dump(what)}
    denied = trails.Draft(kind="api", facets=facets, row=trails.Event.parse(facets).row())
    trails.write(
        tmp_path / "t", lambda trail: trails.append_each(trail, [trails.run("r"), denied])
    )  # fmt: skip
    answer = ask(Visible(tmp_path / "t", "r", lambda: trails.T0), "explain_denial")
    assert (answer["refused_by"], answer["sent"]) == ("AWS", True)
    assert [each["action"] for each in answer["actions"]] == ["iam:CreateUser"]


def test_where_nothing_was_refused(ask, tmp_path):
    trails.write(tmp_path / "t", lambda trail: trails.append_each(trail, [trails.run("r"), trails.draft(0, run="r")]))  # fmt: skip
    with pytest.raises(UsageError, match="no call was refused"):
        ask(Visible(tmp_path / "t", "r", lambda: trails.T0), "explain_denial")
