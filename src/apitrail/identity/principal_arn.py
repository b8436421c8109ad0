"""What an IAM or STS ARN says of the principal it names.

It does not know whether the principal exists.
"""

from __future__ import annotations

import re

from apitrail.identity.identity import Identity, Issuer, Session

_ARN = re.compile(r"arn:[a-z0-9-]+:(?P<service>iam|sts)::(?P<account>\d{12}):(?P<rest>.+)")


def account_of(arn: str) -> str | None:
    """The account in any ARN, None where it has none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and parts[0] == "arn" and parts[4].isdigit() else None


def parse(arn: str) -> Identity | None:
    """The principal as far as its ARN tells it; None where it names none."""
    match = _ARN.fullmatch(arn)
    if match is None:
        return None
    account = match["account"]
    match match["service"], match["rest"].split("/"):
        case "iam", ["root"]:
            return Identity(type="Root", arn=arn, account=account, principal_id=account)
        case "iam", ["user", *_, name] if name:
            return Identity(type="IAMUser", arn=arn, account=account, user_name=name)
        case "iam", ["role", *_, name] if name:
            return Identity(type="Role", arn=arn, account=account, user_name=name)
        case "sts", ["federated-user", name] if name:
            return Identity(
                type="FederatedUser", arn=arn, account=account, principal_id=f"{account}:{name}"
            )
        case "sts", ["assumed-role", role, session] if role and session:
            # The role's own ARN may hold a path, which the session's ARN leaves out.
            issuer = Issuer(type="Role", account=account, user_name=role)
            return Identity(
                type="AssumedRole", arn=arn, account=account, session=Session(issuer=issuer)
            )
        case _:
            return None
