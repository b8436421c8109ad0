"""Callers, the calls that tell of them, and what is known of their keys."""

from datetime import UTC, datetime

from apitrail.aws.call import Call
from apitrail.aws.sign.credential import Credential
from apitrail.identity import Binding, Identity, Known

T = 1_700_000_000_000
HOUR = 3_600_000
ACCOUNT = "123456789012"
ADMIN_KEY = "AKIARZPUZDIKGB2VALC4"
ALICE = f"arn:aws:iam::{ACCOUNT}:user/alice"
BOB = f"arn:aws:iam::{ACCOUNT}:user/people/bob"


def when(milliseconds):
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def key(access_key_id):
    return Credential(scheme="sigv4", access_key_id=access_key_id)


def credentials(access_key_id, until=T + HOUR):
    return {"AccessKeyId": access_key_id, "Expiration": when(until)}


def sts(operation, parameters=None, result=None):
    return Call(service="sts", operation=operation, parameters=parameters or {}, result=result)


def iam(operation, parameters, result):
    return Call(service="iam", operation=operation, parameters=parameters, result=result)


def who_am_i(arn=ALICE, user_id="AIDAALICE", account=ACCOUNT):
    return sts("GetCallerIdentity", {}, {"Arn": arn, "UserId": user_id, "Account": account})


def assume(role, session, access_key_id, unique_id, **asked):
    account, name = role.split(":")[4], role.rpartition("/")[2]
    return sts(
        "AssumeRole",
        {"RoleArn": role, "RoleSessionName": session, **asked},
        {
            "Credentials": credentials(access_key_id),
            "AssumedRoleUser": {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{name}/{session}",
                "AssumedRoleId": f"{unique_id}:{session}",
            },
        },
    )


def known(*bindings):
    found = Known()
    found.add(*bindings)
    return found


def binding(access_key_id="AKIA1", *, source="iam:CreateAccessKey", expires_at=None, **fields):
    return Binding(
        access_key_id=access_key_id,
        identity=Identity(known="learned", **fields),
        learned_at=T,
        expires_at=expires_at,
        source=source,
    )
