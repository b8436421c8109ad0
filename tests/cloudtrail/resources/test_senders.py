"""Whom a message of SES may be sent as."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call, Redacted
from apitrail.cloudtrail.resources.touching import resources, undetermined

ACCOUNT = "123456789012"
IDENTITY = "AWS::SES::Identity"
MARY = ["mary@mail.example.com", "mail.example.com", "example.com"]
OTHER = "arn:aws:ses:eu-west-1:999999999999:identity/example.org"
WRITTEN = (
    b'To: bob@example.org\r\nFrom: "Mary, of Sales"\r\n <mary@mail.example.com>\r\n'
    b"X-SES-CONFIGURATION-SET: set\r\n\r\nFrom: nobody@example.net\r\n"
)


def sent(service: str, operation: str, parameters: dict) -> Call:
    return Call(
        service=service, operation=operation, region="eu-west-1", endpoint_prefix="email",
        signing_name="ses", parameters=parameters, result={"MessageId": "0100-1"},
    )  # fmt: skip


def identities(made: Call) -> list[str]:
    return [each.name for each in resources(made, account=ACCOUNT) if each.type == IDENTITY]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ses", "SendEmail", {"Source": "mary@mail.example.com"}),
        ("ses", "SendEmail", {"Source": "Mary <mary@Mail.Example.com>"}),
        ("ses", "SendTemplatedEmail", {"Source": '"a@b.c" <mary@mail.example.com>', "Template": "t"}),
        ("ses", "SendBounce", {"BounceSender": "mary@mail.example.com"}),
        ("ses", "SendRawEmail", {"RawMessage": {"Data": WRITTEN}}),
        ("ses", "SendRawEmail", {"RawMessage": {"Data": WRITTEN.replace(b"\r", b"")}}),
        ("sesv2", "SendEmail", {"FromEmailAddress": "mary@mail.example.com"}),
        ("sesv2", "SendEmail", {"Content": {"Raw": {"Data": WRITTEN}}}),
        ("sesv2", "SendBulkEmail", {"FromEmailAddress": "mary@mail.example.com"}),
        ("pinpoint-email", "SendEmail", {"FromEmailAddress": "mary@mail.example.com"}),
    ],
)  # fmt: skip
def test_the_sender_and_its_domains_are_told(service, operation, parameters):
    made = sent(service, operation, parameters)
    assert [name.lower() for name in identities(made)] == MARY
    assert not undetermined(made)


def test_an_identity_that_is_named_by_its_arn_is_the_only_one():
    made = sent("ses", "SendEmail", {"Source": "mary@mail.example.com", "SourceArn": OTHER})
    assert identities(made) == ["example.org"]


def test_what_the_message_s_own_headers_name_is_told():
    found = resources(
        sent("ses", "SendRawEmail", {"RawMessage": {"Data": WRITTEN}}), account=ACCOUNT
    )
    assert ("AWS::SES::ConfigurationSet", "set") in {(each.type, each.name) for each in found}
    arn = WRITTEN.replace(b"To:", f"X-SES-FROM-ARN: {OTHER}\r\nTo:".encode(), 1)
    assert identities(sent("ses", "SendRawEmail", {"RawMessage": {"Data": arn}})) == ["example.org"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"Source": Redacted("redacted:x")}, {"Source": 1}, {"Source": "nobody"}, {},
        {"RawMessage": {"Data": b"\xff" * 99}}, {"RawMessage": b"From: a@b.c"}, {"RawMessage": None},
    ],
)  # fmt: skip
def test_a_message_without_a_sender_is_undetermined(parameters):
    assert undetermined(sent("ses", "SendRawEmail", parameters))
