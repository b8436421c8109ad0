from __future__ import annotations

import pytest

from apitrail.insights import caller
from watched import ACCOUNT, role


def test_a_role_is_its_issuer_whatever_the_session_and_key():
    found = {caller.stable_identity(role("app", f"i-{n}", f"ASIA{n}")) for n in range(3)}
    assert found == {f"arn:aws:iam::{ACCOUNT}:role/app"}


def test_a_role_without_issuer_is_its_arn_without_session():
    user = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/i-1"}
    assert caller.stable_identity(user) == f"arn:aws:sts::{ACCOUNT}:assumed-role/app"


def test_people_of_one_permission_set_are_told_apart():
    name = "AWSReservedSSO_Admin_0123456789abcdef"
    found = {caller.stable_identity(role(name, who)) for who in ("ada@x", "ben@x")}
    assert len(found) == 2


def test_a_repository_is_the_caller_and_not_its_branch():
    users = [{"type": "WebIdentityUser", "userName": f"repo:a/b:ref:{n}"} for n in range(2)]
    assert {caller.stable_identity(user) for user in users} == {"WebIdentityUser:repo:a/b"}


def test_the_access_key_is_never_the_caller():
    assert caller.stable_identity({"type": "IAMUser", "accessKeyId": "AKIA1"}) == "IAMUser"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("52.1.2.3", "52.1.2.0/24"),
        ("2001:db8:1:2::3", "2001:0db8:0001::/48"),
        ("cloudformation.amazonaws.com", "cloudformation.amazonaws.com"),
    ],
)
def test_networks(address, expected):
    assert caller.network(address) == expected


def test_private_networks_and_services_are_not_public():
    nets = ("52.1.2.0/24", "10.0.1.0/24", "ec2.amazonaws.com")
    assert [caller.is_public(net) for net in nets] == [True, False, False]


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("aws-cli/2.15.0 Python/3.11", "aws-cli"),
        ("aws-cli/1.29 Python/3.9", "aws-cli"),
        ("Mozilla/5.0 (X11)", "browser"),
        ("[Boto3/1.34 md/Botocore#1.34]", "boto3"),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.7.0", "terraform"),
        ("stratus-red-team_3b1f", "stratus-red-team"),
        ("aws-cli/2.1 Linux/6.6-kali-amd64", "aws-cli on kali"),
    ],
)
def test_families_of_user_agents_have_no_versions(agent, family):
    assert caller.agent_family(agent) == family


def test_labels_that_number_a_run_are_left_out():
    assert caller.stable_labels({"job": "deploy", "build": 71}) == "job=deploy"


def test_a_browser_and_a_shared_role_are_people():
    person = role("AWSReservedSSO_Dev_0123456789abcdef", "ada")
    assert caller.is_person(person, "boto3")
    assert caller.is_person({}, "browser")
    assert not caller.is_person(role("app"), "boto3")
