from __future__ import annotations

import pytest

from apitrail.insights.thresholds import Thresholds
from watched import AFTER, DAY, HOUR, call, record, role, routine, starts

PERSON = role("AWSReservedSSO_Dev_0123456789abcdef", "ada")
KALI = "aws-cli/2.1 Python/3.11 Linux/6.6-kali-amd64"


def first_seen(*groups):
    return [each for each in starts(*groups) if each.kind == "first-seen"]


def test_a_routine_is_quiet():
    assert not starts(routine(12))


def test_the_end_of_the_log_is_told_by_name():
    attack = [call(AFTER, "StopLogging", service="cloudtrail")]
    [found] = first_seen(routine(9), attack)
    assert (found.operation, found.time) == ("StopLogging", AFTER)
    assert found.events == (attack[0].id,)
    assert "cloudtrail:StopLogging is new to the account" in found.why


def test_a_stolen_key_is_told_by_where_it_is_used():
    there = {"sourceIPAddress": "185.3.4.5", "userAgent": KALI}
    [found] = first_seen(routine(9), [call(AFTER, "DescribeInstances", **there)])
    assert any("185.3.4.0/24" in each for each in found.why)


def test_a_new_read_of_a_person_is_not_told():
    usual = routine(9, userIdentity=PERSON, userAgent="Mozilla/5.0")
    reads = [
        call(AFTER + n, f"DescribeThing{n}", userIdentity=PERSON, userAgent="Mozilla/5.0")
        for n in range(10)
    ]
    assert not first_seen(usual, reads)


def test_nothing_is_told_while_it_learns():
    assert not first_seen(routine(3), [call(AFTER - 5 * DAY, "StopLogging")])


def test_a_new_account_that_is_let_in_is_told_of_a_caller_that_shares_every_day():
    def shared(time, account):
        policy = {"createVolumePermission": {"add": {"items": [{"userId": account}]}}}
        return call(time, "ModifySnapshotAttribute", requestParameters=policy)

    usual = [shared(AFTER - n * HOUR, "111111111111") for n in range(1, 150)]
    [found] = first_seen(usual, routine(9), [shared(AFTER, "999999999999")])
    assert "access for account 999999999999 is new to the account" in found.why


def test_what_was_told_is_not_told_again_the_next_hour():
    attack = [call(AFTER + n * HOUR, "StopLogging", service="cloudtrail") for n in range(3)]
    assert len(first_seen(routine(9), attack)) == 1


def test_a_network_that_was_told_stays_unusual_the_next_day():
    there = {"sourceIPAddress": "185.3.4.5", "userAgent": KALI}
    attack = [call(AFTER + n * (DAY + HOUR), "DescribeInstances", **there) for n in range(2)]
    assert len(first_seen(routine(11), attack)) == 2


def test_ever_new_networks_are_usual_for_one_who_always_has_them():
    usual = [
        call(AFTER - n * HOUR, "PutImage", sourceIPAddress=f"20.{n % 250}.{n // 250}.1",
             userIdentity=role("ci"))
        for n in range(1, 180)
    ]  # fmt: skip
    new = [call(AFTER, "PutImage", sourceIPAddress="21.1.1.1", userIdentity=role("ci"))]
    assert not first_seen(routine(9), usual, new)


def test_many_deletions_are_more_than_one():
    def deletions(number):
        return [
            call(
                AFTER + n * 1000,
                "DeleteObject",
                service="s3",
                requestParameters={"bucketName": "b"},
            )
            for n in range(number)
        ]

    assert not first_seen(routine(9), deletions(1))
    assert first_seen(routine(9), deletions(60))


def test_an_insight_is_never_before_its_events():
    there = {"sourceIPAddress": "185.3.4.5"}
    names = ("ListUsers", "CreateUser", "AttachUserPolicy", "CreateAccessKey")
    attack = [
        call(AFTER + n * 20_000, name, service="iam", **there) for n, name in enumerate(names)
    ]
    times = {each.id: each.time for each in [*routine(9), *attack]}
    found = first_seen(routine(9), attack)
    assert found
    assert all(times[event] <= each.time for each in found for event in each.events)


@pytest.mark.parametrize("kind", ["AWSService"])
def test_services_of_aws_are_left_alone(kind):
    user = {"type": kind, "invokedBy": "ec2.amazonaws.com"}
    assert not first_seen(routine(9), [call(AFTER, "StopLogging", userIdentity=user)])


def test_operators_of_one_key_are_different_callers():
    from apitrail.insights.seen import read

    one, two = (read(record(AFTER, "X"), operator=name) for name in ("ada", "ben"))
    assert one.caller != two.caller


def test_a_passed_role_is_new_as_an_assumed_one_is():
    def function(time, name):
        passed = {"functionName": "f", "role": f"arn:aws:iam::123456789012:role/{name}"}
        return call(time, "CreateFunction20150331", service="lambda", requestParameters=passed)

    usual = [function(AFTER - n * HOUR, "app") for n in range(1, 150)]
    stack = call(AFTER + 1000, "CreateStackSet", service="cloudformation")
    [found] = first_seen(usual, routine(9), [function(AFTER, "admin"), stack])
    assert any("role/admin is new to the account" in each for each in found.why)


def test_a_caller_that_leaves_private_networks_says_more_than_one_that_never_was_in_them():
    key = {"userIdentity": role("app", key="AKIA1")}
    away = [call(AFTER, "CreateTags", sourceIPAddress="185.3.4.5", **key)]
    inside = routine(9, sourceIPAddress="10.0.1.7", **key)
    limit = Thresholds(first_seen=4.6)
    assert starts(inside, away, thresholds=limit)
    assert not starts(routine(9, **key), away, thresholds=limit)


def test_a_machine_in_many_new_services_has_another_task():
    watching = (
        "guardduty",
        "securityhub",
        "macie2",
        "config",
        "access-analyzer",
        "wafv2",
        "shield",
    )
    survey = [
        call(AFTER + n * 1000, "ListThings", service=name, userAgent="aws-cli/2.1")
        for n, name in enumerate(watching)
    ]
    assert first_seen(routine(9), survey)


def test_weekly_sharing_with_the_same_account_is_told_once():
    shared = {"createVolumePermission": {"add": {"items": [{"userId": "999999999999"}]}}}
    weekly = [
        call(AFTER + n * 7 * DAY, "ModifySnapshotAttribute", requestParameters=shared)
        for n in range(3)
    ]
    granting = [each for each in first_seen(routine(25), weekly) if "access for" in str(each.why)]
    assert len(granting) == 1


def test_who_travels_looks_at_what_they_always_look_at():
    browser = {"userIdentity": PERSON, "userAgent": "Mozilla/5.0"}
    names = ("ListUsers", "GetRole", "ListRoles", "GetPolicy", "ListGroups", "GetUser")
    usual = [
        call(AFTER - day * DAY + n * 1000, name, service="iam", **browser)
        for day in range(1, 8)
        for n, name in enumerate(names)
    ]
    train = [
        call(AFTER + n * 1000, name, service="iam", sourceIPAddress="62.5.6.9", **browser)
        for n, name in enumerate(names)
    ]
    assert not first_seen(routine(9), usual, train)
