"""The principal that an IAM or STS ARN names."""

from __future__ import annotations

from apitrail.aws.arn import Arn
from apitrail.identity.identity import Identity, Issuer, Session


def principal(text: str | None) -> Identity | None:
    """The principal as far as its ARN tells it; None where it names none."""
    arn = Arn.parse(text) if text else None
    if arn is None or arn.region or arn.owner is None:
        return None
    whole, account = str(arn), arn.owner
    match arn.service, arn.resource.split("/"):
        case "iam", ["root"]:
            return Identity(type="Root", arn=whole, account=account, principal_id=account)
        # moto answers GetCallerIdentity with `sts::…:user/NAME` for an IAM user.
        case "iam" | "sts", ["user", *_, name] if name:
            return Identity(type="IAMUser", arn=whole, account=account, user_name=name)
        case "iam", ["role", *_, name] if name:
            return Identity(type="Role", arn=whole, account=account, user_name=name)
        case "sts", ["federated-user", name] if name:
            return Identity(
                type="FederatedUser", arn=whole, account=account, principal_id=f"{account}:{name}"
            )
        case "sts", ["assumed-role", role, session] if role and session:
            # The role's own ARN may hold a path, which the session's ARN leaves out.
            issuer = Issuer(type="Role", account=account, user_name=role)
            return Identity(
                type="AssumedRole", arn=whole, account=account, session=Session(issuer=issuer)
            )
        case _:
            return None
