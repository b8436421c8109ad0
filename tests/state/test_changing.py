"""Which recorded calls can have made a change, and which cannot."""

from __future__ import annotations

import pytest

from apitrail.state.alias import all_names
from apitrail.state.changing import SECOND, Change, Write, can_have_made, has_no_effect, words
from apitrail.state.differing import differences

SG, ARN = "sg-1", "arn:aws:ec2:eu-central-1:123456789012:security-group/sg-1"
OPEN_22 = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
OLD = {"GroupId": SG, "VpcId": "vpc-1", "IpPermissions": []}
NEW = {**OLD, "IpPermissions": [OPEN_22]}
SINCE, UNTIL = 1_000_000, 2_000_000


def made(old=OLD, new=NEW, *, service="ec2", aspect="SecurityGroup", names=(SG,)):
    return Change(
        service=service, aspect=aspect, names=all_names(names), found=differences(old, new),
        states=(old, new),
    )  # fmt: skip


def write(operation: str, *, at: int = 1_500_000, took: int = 20, asked=None, **more) -> Write:
    said = {"service": "ec2", "names": frozenset({SG})} | more
    told = None if asked is None else frozenset(words(asked))
    return Write(index=1, started=at, ended=at + took, operation=operation, words=told, **said)


CAN = [
    write("AuthorizeSecurityGroupIngress"),
    write("ModifySecurityGroupRules", names=frozenset({ARN, SG})),
    write("ModifySecurityGroupRules", names=frozenset(), undetermined=True),
    write("", service="", names=frozenset(), undetermined=True),
    write("UpdateStack", service="cloudformation", names=frozenset({"stk"})),
    write("StartAutomationExecution", service="ssm", names=frozenset()),
    # Under way when the first observation was made, and when the second was.
    write("AuthorizeSecurityGroupIngress", at=SINCE - 500, took=1000),
    write("AuthorizeSecurityGroupIngress", at=UNTIL - 500, took=60_000),
]
CANNOT = [
    write("AuthorizeSecurityGroupIngress", names=frozenset({"sg-2"})),
    write("AuthorizeSecurityGroupEgress"),
    write("CreateTags"),
    write("RunInstances"),
    write("CreateSubnet", names=frozenset({"vpc-1"})),
    write("PutRolePolicy", service="iam", names=frozenset(), undetermined=True),
    write("PutParameter", service="ssm", names=frozenset({SG})),
    write("AuthorizeSecurityGroupIngress", at=UNTIL + 1),
    write("AuthorizeSecurityGroupIngress", at=SINCE - 400 * SECOND, asked=OPEN_22),
]


@pytest.mark.parametrize("each", CAN, ids=lambda each: each.operation)
def test_it_can(each: Write) -> None:
    assert can_have_made(each, made(), SINCE, UNTIL)


@pytest.mark.parametrize("each", CANNOT, ids=lambda each: each.operation)
def test_it_cannot(each: Write) -> None:
    assert not can_have_made(each, made(), SINCE, UNTIL)


def test_a_call_just_before_explains_what_it_asked_for_and_shows_late() -> None:
    before = {"at": SINCE - 10 * SECOND}
    same = write("AuthorizeSecurityGroupIngress", asked={"GroupId": SG, **OPEN_22}, **before)
    other = write("AuthorizeSecurityGroupIngress", asked={**OPEN_22, "FromPort": 443}, **before)
    assert can_have_made(same, made(), SINCE, UNTIL)
    assert not can_have_made(
        other, made(OLD, {**OLD, "IpPermissions": [{**OPEN_22, "ToPort": 23}]}), SINCE, UNTIL
    )


def test_a_rule_that_goes_after_it_was_added_is_not_explained_by_its_adding() -> None:
    added = write("AuthorizeSecurityGroupIngress", at=SINCE - 10 * SECOND, asked=OPEN_22)
    revoked = write("RevokeSecurityGroupIngress", at=SINCE - 10 * SECOND, asked=OPEN_22)
    assert not can_have_made(added, made(NEW, OLD), SINCE, UNTIL)
    assert can_have_made(revoked, made(NEW, OLD), SINCE, UNTIL)


def test_enabling_explains_enabled_and_not_disabled() -> None:
    on, off = {"KeyId": "k-1", "Enabled": True}, {"KeyId": "k-1", "Enabled": False}
    enable = write(
        "EnableKey",
        service="kms",
        names=frozenset({"k-1"}),
        at=SINCE - SECOND,
        asked={"KeyId": "k-1"},
    )
    key = {"service": "kms", "aspect": "Key", "names": ("k-1",)}
    assert can_have_made(enable, made(off, on, **key), SINCE, UNTIL)
    assert not can_have_made(enable, made(on, off, **key), SINCE, UNTIL)


def test_a_part_is_changed_by_calls_about_it_alone() -> None:
    bucket = {"service": "s3", "names": frozenset({"b"})}
    policy = made(
        {"Policy": "a"}, {"Policy": "b"}, service="s3", aspect="BucketPolicy", names=("b",)
    )
    assert can_have_made(write("PutBucketPolicy", **bucket), policy, SINCE, UNTIL)
    assert can_have_made(write("DeleteBucket", **bucket), policy, SINCE, UNTIL)
    assert not can_have_made(write("PutBucketTagging", **bucket), policy, SINCE, UNTIL)
    assert not can_have_made(write("PutPublicAccessBlock", **bucket), policy, SINCE, UNTIL)


def test_a_call_that_names_what_the_state_mentions_can_have_changed_it() -> None:
    old = {
        "InstanceId": "i-1",
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Groups": []}],
    }
    new = {
        "InstanceId": "i-1",
        "NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Groups": ["sg-2"]}],
    }
    instance = made(old, new, aspect="Instance", names=("i-1",))
    modify = write("ModifyNetworkInterfaceAttribute", names=frozenset({"eni-1"}))
    assert can_have_made(modify, instance, SINCE, UNTIL)


def test_a_policy_that_is_made_attaches_itself_to_nothing() -> None:
    attached = {"AttachedPolicies": [{"PolicyName": "x"}]}
    role = {"service": "iam", "aspect": "AttachedRolePolicies", "names": ("app",)}
    change = made({"AttachedPolicies": []}, attached, **role)
    create = write("CreatePolicy", service="iam", names=frozenset({"x"}))
    assert not can_have_made(create, change, SINCE, UNTIL)


def test_a_new_version_of_a_policy_is_the_policy_s_default() -> None:
    policy = {"service": "iam", "aspect": "Policy", "names": ("arn:aws:iam::1:policy/x",)}
    change = made({"DefaultVersionId": "v1"}, {"DefaultVersionId": "v2"}, **policy)
    create = write(
        "CreatePolicyVersion", service="iam", names=frozenset({"arn:aws:iam::1:policy/x"})
    )
    assert can_have_made(create, change, SINCE, UNTIL)


def test_tags_are_changed_by_calls_about_tags() -> None:
    tagged = {**OLD, "Tags": [{"Key": "a", "Value": "b"}]}
    assert can_have_made(write("CreateTags"), made(OLD, tagged), SINCE, UNTIL)


@pytest.mark.parametrize(
    ("call", "none"),
    [
        ({"error": "AccessDenied", "status": 403}, True),
        ({"error": "InternalError", "status": 500}, False),
        ({"error": "NoResponse", "status": None, "failed": True}, False),
        ({"operation": "PutObject"}, True),
        ({"operation": "PutObjectLockConfiguration"}, False),
        ({"management": False}, True),
        ({}, False),
    ],
)
def test_a_refused_call_and_one_about_data_have_no_effect(call: dict, none: bool) -> None:
    usual = {
        "operation": "PutBucketPolicy",
        "status": 200,
        "error": "",
        "failed": False,
        "management": True,
    }
    assert has_no_effect(**(usual | call)) is none
