"""Members that hold secrets though the model does not say so, and the reverse."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache

from apitrail.redact.secret_names import is_environment, is_secret_member

# A member is written `name` or `parent.name`, list positions and map keys left out; `.name` is
# at the top, and `Operation:` in front narrows it.
# Sources: ecosystem survey of operations that carry secrets, and the members of botocore 1.44.5.
_SECRET: dict[str, tuple[str, ...]] = {
    "appflow": ("applicationKey", "datakey"),
    "apigateway": (
        "CreateApiKey:.value", "GetApiKey:.value", "UpdateApiKey:.value", "GetApiKeys:items.value",
        "UpdateApiKey:patchOperations.value", "ImportApiKeys:.body",
    ),
    "appsync": (
        "CreateApiKey:apiKey.id", "ListApiKeys:apiKeys.id", "UpdateApiKey:apiKey.id",
        "UpdateApiKey:.id", "DeleteApiKey:.id",
    ),
    "cloudformation": (
        "Parameters.ParameterValue", "Parameters.ResolvedValue", "ParameterOverrides.ParameterValue",
    ),
    "codepipeline": ("configuration", "resolvedConfiguration"),
    "cognito-idp": ("ChallengeParameters", "DeviceSecretVerifierConfig"),
    "dms": ("ExtraConnectionAttributes",),
    "ec2": (
        "DescribeInstanceAttribute:UserData.Value", "ModifyInstanceAttribute:UserData.Value",
        "ModifyInstanceAttribute:.Value", "UploadPolicySignature",
        "VpnConnection.CustomerGatewayConfiguration", "VpnConnections.CustomerGatewayConfiguration",
        "VpnConnectionDeviceSampleConfiguration",
    ),
    "elasticbeanstalk": ("OptionSettings.Value",),
    "emr": ("Configurations.Properties",),
    "glue": ("ConnectionProperties", "ConnectionOptions", "SparkProperties", "PythonProperties", "AthenaProperties"),
    "importexport": ("SignatureFileContents",),
    # The session and root keys of LoRaWAN devices.
    "iotwireless": (
        "AppKey", "NwkKey", "GenAppKey", "AppSKey", "NwkSKey", "FNwkSIntKey", "SNwkSIntKey",
        "NwkSEncKey",
    ),
    "kinesis-video-signaling": ("IceServerList.Username",),
    "kms": ("GetParametersForImport:.ImportToken",),
    "lightsail": ("passwordData.ciphertext",),
    "mediaconvert": ("StaticKeyValue",),
    "pinpoint": ("TokenKey",),
    "redshift-data": (
        ".Sql", ".Sqls", "QueryString", "QueryStrings", "Parameters.value", "QueryParameters.value",
    ),
    "rds-data": ("sql", "sqlStatements", "parameters.value", "parameterSets.value"),
    "s3": ("SSECustomerKey", "CopySourceSSECustomerKey"),
    "sns": (
        "CreatePlatformApplication:.Attributes", "SetPlatformApplicationAttributes:.Attributes",
    ),
    "ssm": ("StartSession:.StreamUrl", "ResumeSession:.StreamUrl"),
    "sts": ("DecodeAuthorizationMessage:.EncodedMessage",),
}  # fmt: skip

# What the trait or a name calls a secret and yet only identifies something.
_OPEN: dict[str, tuple[str, ...]] = {
    "amplifybackend": ("ClientId", "KeyId", "TeamId"),
    "amplifyuibuilder": ("clientId",),
    "apigateway": ("apiKey", "credentials", "authorizerCredentials"),
    "chime": ("DisplayName",),
    "chime-sdk-identity": ("DisplayName",),
    "chime-sdk-messaging": ("DisplayName",),
    "cloudwatchomni": ("clientId",),
    "codebuild": ("credential",),
    "cognito-idp": ("ClientId", "TokenValidityUnits.AccessToken", "TokenValidityUnits.IdToken",
                    "TokenValidityUnits.RefreshToken"),
    "devops-agent": ("clientId",),
    "ec2": ("ImageId", "KernelId", "RamdiskId", "SecurityGroupIds", "SubnetId", "KeyName",
            "InstanceType"),
    "eks": ("ec2SshKey",),
    "guardduty": ("Pwd",),
    "marketplace-catalog": ("SourceAuthorization",),
    "quicksight": ("ClientId",),
    "route53-recovery-readiness": ("CrossAccountAuthorization", "CrossAccountAuthorizations"),
    "s3": ("SSEKMSKeyId", "KMSKeyId", "KMSKeyArn", "KMSMasterKeyID", "KeyId"),
    "ses": ("VerificationToken", "DkimTokens"),
    "sesv2": ("DkimTokens", "DkimAttributes.Tokens"),
    "pinpoint-email": ("DkimAttributes.Tokens",),
    "sts": ("SubjectFromWebIdentityToken",),
    "workspaces": ("ConnectionString",),
}  # fmt: skip

# AccessKeyId is who signs, in every service and spelling.
OPEN_EVERYWHERE = frozenset({"AccessKeyId", "accessKeyId", "AccessKeyID", "accessKeyID"})


@dataclass(frozen=True, slots=True)
class Members:
    """What is said of one operation's members: by name, and by (parent's name, name)."""

    names: frozenset[str]
    pairs: frozenset[tuple[str, str]]

    def has(self, parent: str, name: str) -> bool:
        """Is the member listed? `parent` is "" at the top."""
        return name in self.names or (parent, name) in self.pairs

    @classmethod
    def of(cls, rules: tuple[str, ...], operation: str) -> Members:
        names, pairs = set(), set()
        for rule in rules:
            only, _, member = rule.rpartition(":")
            if only not in ("", operation):
                continue
            parent, dot, name = member.rpartition(".")
            if dot:
                pairs.add((parent, name))
            else:
                names.add(name)
        return cls(frozenset(names), frozenset(pairs))


class Kind(Enum):
    """What a member is known for."""

    OPEN = auto()
    """It identifies something; whatever else is said of it, it stays."""
    LISTED = auto()
    """All below it is secret."""
    NAMED = auto()
    """Its name says secret: text in it is, structures speak for themselves."""
    ENVIRONMENT = auto()
    """Variables of a process: every value of a map is secret, names are not."""
    PLAIN = auto()


@lru_cache(maxsize=65536)
def kind(service: str | None, operation: str | None, parent: str, name: str) -> Kind:
    """What a member of an operation is known for; `parent` is "" at the top."""
    if name in OPEN_EVERYWHERE or _members(_OPEN, service, operation).has(parent, name):
        return Kind.OPEN
    if _members(_SECRET, service, operation).has(parent, name):
        return Kind.LISTED
    if is_secret_member(name):
        return Kind.NAMED
    return Kind.ENVIRONMENT if is_environment(name) else Kind.PLAIN


def _members(
    table: dict[str, tuple[str, ...]], service: str | None, operation: str | None
) -> Members:
    return Members.of(table.get(service or "", ()), operation or "")
