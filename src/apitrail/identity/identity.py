"""Who made a call: the principal, its session, who assumed it, and how all that is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from apitrail import when
from apitrail.valueclass import valueclass

type How = Literal["learned", "refusal", "configured", "decoded", "claimed"]
type Verdict = Literal["verified", "invalid", "unverifiable"]

CHAIN_MAX = 16
"""Links of a role chain that are kept; AWS itself sets no limit."""


@valueclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asked for a session: an ARN, a key or an id that stands for a federated user."""

    arn: str | None = None
    access_key_id: str | None = None
    principal_id: str | None = None


@valueclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """CloudTrail's sessionIssuer: the role, user or root that a session acts for."""

    type: str
    arn: str | None = None
    account: str | None = None
    principal_id: str | None = None
    user_name: str | None = None

    def render(self) -> dict[str, str]:
        """CloudTrail's sessionIssuer."""
        return _present(
            type=self.type,
            principalId=self.principal_id,
            arn=self.arn,
            accountId=self.account,
            userName=self.user_name,
        )


@valueclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A temporary session. `created` is in milliseconds; `mfa` None is "not known".

    `federated_provider` and its `federation` pairs are CloudTrail's webIdFederationData;
    `scope` says what a session was cut down to: a bucket, a table, a permission set.
    """

    issuer: Issuer | None = None
    created: int | None = None
    mfa: bool | None = None
    source_identity: str | None = None
    federated_provider: str | None = None
    federation: tuple[tuple[str, str], ...] = ()
    assumed_root: bool = False
    scope: str | None = None

    def render(self) -> dict[str, Any]:
        """CloudTrail's sessionContext."""
        attributes = {}
        if self.created is not None:
            attributes["creationDate"] = when.iso_second(self.created // 1000)
        if self.mfa is not None:
            attributes["mfaAuthenticated"] = "true" if self.mfa else "false"
        federation: dict[str, Any] = {}
        if self.federated_provider is not None:
            federation = {
                "federatedProvider": self.federated_provider,
                "attributes": dict(self.federation),
            }
        context: dict[str, Any] = {}
        if self.issuer is not None:
            context["sessionIssuer"] = self.issuer.render()
        if federation or (self.issuer is not None and self.issuer.type == "Role"):
            context["webIdFederationData"] = federation
        if attributes:
            context["attributes"] = attributes
        if self.source_identity is not None:
            context["sourceIdentity"] = self.source_identity
        if self.assumed_root:
            context["assumedRoot"] = "true"
        return context


@valueclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A caller; None is "not known".

    `type` is CloudTrail's. `assumed_by` is the chain of those who asked for the session,
    nearest first. `known` says how the principal is known, None where nobody claimed to be
    anybody. `expired` tells that the credential was used after its end or its deletion.
    `doubts` are contradictions met on the way.
    """

    type: str | None = None
    access_key_id: str | None = None
    account: str | None = None
    arn: str | None = None
    principal_id: str | None = None
    user_name: str | None = None
    identity_provider: str | None = None
    bearer_sha256: str | None = None
    session: Session | None = None
    assumed_by: tuple[Principal, ...] = ()
    known: How | None = None
    signature: Verdict | None = None
    expired: bool = False
    doubts: tuple[str, ...] = ()

    def user_identity(self) -> dict[str, Any]:
        """CloudTrail's userIdentity: its fields and no others, in its order."""
        found: dict[str, Any] = _present(
            type=self.type or "Unknown",
            principalId=self.principal_id,
            arn=self.arn,
            accountId=self.account,
            accessKeyId=self.access_key_id,
            userName=None if self.type == "AssumedRole" else self.user_name,
            identityProvider=self.identity_provider,
        )
        if self.session is not None and (context := self.session.render()):
            found["sessionContext"] = context
        return found

    def doubting(self, doubt: str) -> Identity:
        """The same identity with one more thing that does not fit."""
        return self if doubt in self.doubts else replace(self, doubts=(*self.doubts, doubt))

    def link(self) -> tuple[Principal, ...]:
        """The chain of a session that this caller asks for, nearest first."""
        own = Principal(
            arn=self.arn, access_key_id=self.access_key_id, principal_id=self.principal_id
        )
        chain = self.assumed_by if own == Principal() else (own, *self.assumed_by)
        return chain[:CHAIN_MAX]


# Anonymous requests, as CloudTrail's S3 data events show them.
ANONYMOUS = Identity(type="AWSAccount", principal_id="", account="ANONYMOUS_PRINCIPAL")


def _present(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}
