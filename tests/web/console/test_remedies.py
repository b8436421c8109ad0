"""What a page offers to do about an insight."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace

import pytest

import cloudtrails
import refusing
import trails
from apitrail.policy.guard import Guard
from apitrail.trail.reader import Reader
from apitrail.web.console import remedies

ROLE = "arn:aws:iam::123456789012:role/path/ci"
SESSION = {
    "type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/ci/build",
    "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "ci", "arn": ROLE}},
}  # fmt: skip
KEY = refusing.ADA | {"accessKeyId": "AKIAEXAMPLE"}


@pytest.fixture
def made(tmp_path):
    """An insight of calls by this identity, and its log."""

    def make(user, **changes):
        drafts = [refusing.refused(n, userIdentity=user, **changes) for n in range(8)]
        cloudtrails.make(tmp_path / "trail", drafts)
        return Reader(tmp_path / "trail"), refusing.told(tmp_path / "trail")

    return make


def test_a_user_loses_its_key(made):
    source, said = made(KEY)
    with source:
        assert remedies.revoking(source, said) == (
            "aws iam update-access-key --user-name ada --access-key-id AKIAEXAMPLE --status Inactive"
        )


def test_a_role_loses_the_sessions_that_are_out(made):
    source, said = made(SESSION)
    with source:
        words = shlex.split(remedies.revoking(source, said) or "")
    assert words[:5] == ["aws", "iam", "put-role-policy", "--role-name", "ci"]
    condition = json.loads(words[-1])["Statement"][0]["Condition"]
    assert condition["DateLessThan"]["aws:TokenIssueTime"].startswith("2026-11-22T06:46:4")


def test_a_guard_refuses_such_calls_and_is_one_that_a_recorder_takes(made, tmp_path):
    source, said = made(SESSION)
    with source:
        assert remedies.refusing(source, said) is None  # the operations of this trail are none
    call = trails.told(3, "CreateUser")
    trails.write(tmp_path / "other", lambda trail: trail.append(call))
    with Reader(tmp_path / "other") as reader:
        text = remedies.refusing(reader, replace(said, caller=ROLE, evidence=(0,))) or ""
    deny = json.loads(text)["Statement"][1]
    assert deny["Action"] == ["iam:CreateUser"]
    assert deny["Condition"]["StringLike"]["aws:PrincipalArn"] == [
        ROLE, "arn:aws:sts::123456789012:assumed-role/ci/*",
    ]  # fmt: skip
    assert Guard.parse("mine", text)


def test_callers_are_told_as_policies_tell_them():
    assert remedies.patterns("arn:aws:iam::1:user/ada|ci") == ["arn:aws:iam::1:user/ada"]
    assert remedies.patterns("cloudformation.amazonaws.com") == []


def test_several_callers_have_none(made):
    source, said = made(KEY)
    with source:
        assert remedies.revoking(source, replace(said, caller="")) is None
        assert remedies.refusing(source, replace(said, caller="")) is None
