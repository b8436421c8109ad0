from __future__ import annotations

import pytest

from apitrail.insights.seen import milliseconds, read
from watched import call, record


def test_a_call_is_read():
    found = call(1_772_409_600_000, "CreateTags")
    assert (found.operation, found.network, found.agent) == (
        "ec2:CreateTags",
        "52.1.2.0/24",
        "boto3",
    )
    assert found.caller.endswith(":role/app")


def test_names_say_what_parameters_make_of_them():
    user_data = call(0, "ModifyInstanceAttribute", requestParameters={"userData": "…"})
    assert user_data.name == "ModifyInstanceAttributeUserData"
    login = call(
        0, "ConsoleLogin", userIdentity={"type": "IAMUser", "arn": "a"},
        responseElements={"ConsoleLogin": "Success"}, additionalEventData={"MFAUsed": "No"},
    )  # fmt: skip
    assert login.name == "ConsoleLoginWithoutMFA"


def test_a_failed_login_is_an_error():
    assert call(0, "ConsoleLogin", responseElements={"ConsoleLogin": "Failure"}).error


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "Client.UnauthorizedOperation"])  # fmt: skip
def test_refusals(code):
    assert call(0, "X", errorCode=code).refused


def test_secrets_of_one_call_are_one_target():
    assert call(0, "GetParameters", requestParameters={"names": ["b", "a"]}).target == "a,b"


def test_times_with_and_without_a_fraction():
    assert milliseconds("2026-03-02T00:00:00Z") + 250 == milliseconds("2026-03-02T00:00:00.250Z")
    with pytest.raises(ValueError, match="2026"):
        milliseconds("2026-03-02")


def test_a_record_with_nothing_but_a_time_is_read():
    assert read({"eventTime": "2026-03-02T00:00:00Z"}).read_only is False


def test_operator_and_labels_are_part_of_the_caller():
    found = read(record(0, "X"), operator="ada", labels="job=deploy")
    assert found.caller.endswith("|ada|job=deploy")
