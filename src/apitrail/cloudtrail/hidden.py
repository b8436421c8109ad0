"""What CloudTrail hides of parameters and results, and which word it puts in the place.

Secrets arrive as `Redacted`. The tables are for what CloudTrail leaves out though it need not be a
secret, and for its different markers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"
REMOVED = "<sensitiveDataRemoved>"

# service -> members that are absent from its records, at whatever depth (reference §1.3, §1.6).
DROPPED: dict[str, str] = {
    "cognito-identity": "SecretKey",
    "iam": "NewPassword OldPassword Password SecretAccessKey",
    "kms": (
        "Ciphertext CiphertextBlob CiphertextForRecipient EncryptedKeyMaterial Mac Message "
        "Plaintext PrivateKeyCiphertextBlob PrivateKeyPlaintext SharedSecret Signature"
    ),
    "lambda": "InvokeArgs Payload Variables ZipFile",
    "secretsmanager": "RandomPassword SecretBinary SecretString",
    "sts": "SAMLAssertion SecretAccessKey WebIdentityToken",
}

# service -> marker -> members, or `Operation.Member`, hidden whatever their value (§1.6).
MARKED: dict[str, dict[str, str]] = {
    "acm": {"*" * 10: "ExportCertificate.PrivateKey"},
    "appsync": {"***": "requestMappingTemplate responseMappingTemplate"},
    "cloudfront": {HIDDEN: "Comment"},
    "cognito-idp": {HIDDEN: "AuthParameters Password Session UserAttributes Username"},
    "ec2": {REMOVED: "KeyMaterial UserData"},
    "organizations": {"****": "AccountName Email"},
    "pinpoint-email": {HIDDEN: "BccAddresses CcAddresses ToAddresses"},
    "rds": {HIDDEN: "MasterUserPassword"},
    "redshift-serverless": {HIDDEN: "adminUserPassword adminUsername"},
    "resource-explorer-2": {"***": "QueryString"},
    "rolesanywhere": {HIDDEN: "tags"},
    "ses": {HIDDEN: "BccAddresses CcAddresses Destinations ToAddresses"},
    "sesv2": {HIDDEN: "BccAddresses CcAddresses ToAddresses"},
    "sns": {HIDDEN: "Message MessageAttributes Subject"},
    "sqs": {HIDDEN: "MessageBody"},
    "ssm": {HIDDEN: "PutParameter.Value SendCommand.Parameters"},
}

_RDS_LIKE = {"docdb": "rds", "neptune": "rds", "iam-toolbox": "iam"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """For one operation: member names that are left out, and those that get a marker."""

    dropped: frozenset[str]
    marked: dict[str, str]


@lru_cache(maxsize=4096)
def rules(service: str | None, operation: str | None) -> Rules:
    """The rules for one operation's parameters and result."""
    name = _RDS_LIKE.get(service or "", service or "")
    return Rules(
        dropped=frozenset(DROPPED.get(name, "").split()),
        marked={
            member.rpartition(".")[2]: marker
            for marker, members in MARKED.get(name, {}).items()
            for member in members.split()
            if "." not in member or member.startswith(f"{operation}.")
        },
    )
