"""A refusal's message names the caller."""

from __future__ import annotations

import pytest

from apitrail.aws.call import Call, Error
from apitrail.aws.sign.credential import Credential
from apitrail.identity import Binding, Identity, Known

AT = 1_700_000_000_000
ACCOUNT = "123456789012"
KEY = "AKIAIOSFODNN7EXAMPLE"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/build-7"
ACTION = "is not authorized to perform: s3:GetObject on resource: x because no policy allows it"
EC2 = "You are not authorized to perform this operation. "
SIGNED = Credential(scheme="sigv4", access_key_id=KEY)


def refusal(message: str, code: str = "AccessDenied", **fields) -> Call:
    return Call(
        service="s3", operation="GetObject", parameters={}, error=Error(code=code, message=message), **fields
    )  # fmt: skip


def told(known: Known, call: Call) -> Identity:
    known.attribute(SIGNED, call, at=AT)
    return known.identify(SIGNED, at=AT)


@pytest.mark.parametrize(
    ("code", "message", "arn"),
    [
        ("AccessDenied", f"User: {ALICE} {ACTION}", ALICE),
        ("AccessDeniedException", f"User: {SESSION} {ACTION}", SESSION),
        ("Client.UnauthorizedOperation", f"{EC2}User: {ALICE} {ACTION}", ALICE),
        ("AuthorizationError", f"User: {ALICE} {ACTION}", ALICE),
        ("AccessDenied", f"User: arn:aws:sts::{ACCOUNT}:user/moto {ACTION}", f"arn:aws:sts::{ACCOUNT}:user/moto"),
        ("AccessDenied", f"User: arn:aws-us-gov:iam::{ACCOUNT}:user/g {ACTION}", f"arn:aws-us-gov:iam::{ACCOUNT}:user/g"),
    ],
)  # fmt: skip
def test_the_one_who_was_refused_is_named(code, message, arn):
    found = told(Known(), refusal(message, code))
    assert (found.arn, found.known, found.access_key_id) == (arn, "refusal", KEY)


def test_a_role_is_the_issuer_of_its_session():
    found = told(Known(), refusal(f"User: {SESSION} {ACTION}"))
    assert found.type == "AssumedRole"
    assert found.user_identity()["sessionContext"]["sessionIssuer"]["userName"] == "deploy"


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (refusal(f"key 'User: {ALICE} {ACTION}' is not there"), "it is quoted"),
        (refusal(f"User: {ALICE} {ACTION}", "NoSuchKey"), "it is no refusal"),
        (refusal(f"User: {ALICE} {ACTION}", customers=True), "customers' code says so"),
        (refusal(f"User: anonymous {ACTION}"), "nobody is named"),
        (refusal(f"User: arn:aws:iam::{ACCOUNT}:policy/p {ACTION}"), "it is no principal"),
        (refusal(f"User: {ALICE} likes cake"), "it says something else"),
    ],
)
def test_nothing_else_names_anybody(call, why):
    assert told(Known(), call).arn is None, why


def test_another_account_than_the_keys_is_not_believed():
    known = Known.configured({KEY: {"account": "999999999999"}})
    assert told(known, refusal(f"User: {ALICE} {ACTION}")).arn is None


def made(arn: str, source: str = "iam:CreateAccessKey") -> Binding:
    name = arn.rpartition("/")[2]
    return Binding(
        access_key_id=KEY, learned_at=AT, source=source,
        identity=Identity(type="IAMUser", arn=arn, account=ACCOUNT, user_name=name, known="learned"),
    )  # fmt: skip


def test_what_was_learned_counts_more_whichever_comes_first():
    bob = f"arn:aws:iam::{ACCOUNT}:user/bob"
    first, second = Known(), Known()
    first.add(made(bob))
    found = told(first, refusal(f"User: {ALICE} {ACTION}"))
    assert (found.arn, found.known) == (bob, "learned")
    assert "GetObject says" in found.doubts[0]
    told(second, refusal(f"User: {ALICE} {ACTION}"))
    second.add(made(bob))
    assert second.identify(SIGNED, at=AT).arn == bob


def test_it_is_learned_once():
    known = Known()
    call = refusal(f"User: {ALICE} {ACTION}")
    assert len(known.attribute(SIGNED, call, at=AT)[1]) == 1
    assert known.attribute(SIGNED, call, at=AT)[1] == ()
