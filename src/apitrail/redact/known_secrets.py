"""What is secret, in one place: a new secret is one line here.

In this order: members of the services' models, among them S3's; names that announce a secret
wherever they stand; headers; query parameters. How they are looked for is in `paths`,
`secret_names`, `http_head` and `text`.
"""

from __future__ import annotations

import re

# A member is written `name` or `parent.name`, list positions and map keys left out; `.name` is
# at the top, and `Operation:` in front narrows it.
# Sources: ecosystem survey of operations that carry secrets, and the members of botocore 1.44.5.
MEMBERS: dict[str, tuple[str, ...]] = {
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
OPEN_MEMBERS: dict[str, tuple[str, ...]] = {
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

# Words that end the name of a secret, as they are after `_plain`: found by going through the
# member names of all of botocore's models that lack the `sensitive` trait (DirectConnect's
# authKey, STS's TokenCode, Storage Gateway's SecretToAuthenticateTarget ...).
NAME_WORDS = (
    "password", "passwd", "passphrase", "passcode", "pwd", "pincode",
    "secret", "secretkey", "secretaccesskey", "secretblob", r"secrettoauthenticate\w{1,20}",
    "token", "tokencode", "tokenvalue", "jwt", "assertion",
    "privatekey", "privkey", "sshkey", "keytab", "keymaterial",
    "apikey", "authkey", "accountkey", "sharedkey", "presharedkey", "psk", "licensekey",
    "bearer", "credential", "connectionstring", "cookie", "authorization",
    "authorizationcode", "authcode", r"authenticationcode\d?", "secretcode", "confirmationcode",
    "verificationcode", "devicecode", "codeverifier", "onetimepassword", "otp",
    "activationcode", "activationkey", "acceptcode", "unlockcode", "usercode", "invitecode",
    "personalpin", "passwordverifier",
    "userdata", "stringseed", "xamzsignature", r"customerkey(?:md5)?",
)  # fmt: skip

# What may follow such a word without making it harmless (`PasswordLength` is, `SecretString` not).
NAME_FORMS = (
    "value", "values", "string", "text", "plaintext", "plain", "data", "hash", "base64", "blob",
    "binary", "body", "pem", "hex", "raw", "s", "es", r"\d+", "new", "old", "current", "previous",
    "override",
)  # fmt: skip

MEMBER_NAME = re.compile(rf"(?:{'|'.join(NAME_WORDS)})(?:{'|'.join(NAME_FORMS)})*$")
# Data keys (environment variables, tags, headers in a map) follow nobody's convention.
KEY_NAME = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|jwt|privatekey|privkey|apikey|authkey"
    r"|accountkey|sharedkey|psk$|credential|connectionstring|cookie|authorization$|bearer"
    r"|dsn$|signature$|licensekey|encryptionkey$|accesskey$|databaseurl$|customerkey"
)

# Tokens that page, deduplicate or lock; AWS's own documentation prints them. The word in front
# of `token` decides, so that an AdminToken is no MinToken.
HARMLESS_WORDS = (
    "next", "continuation", "page", "pagination", "paging", "client", "request", "idempotency",
    "idempotence", "idempotent", "creation", "creator", "update", "lock", "block", "change",
    "version", "conditional", "sequence", "starting", "start", "chunk", "marker", "previous",
    "forward", "backward", "resume", "position", "grant", "import", "execute", "provision",
    "terminate", "share", "cursor", "revision", "checkpoint", "scroll", "delta", "http", "max",
    "min", "input", "output", "total", "stop", "deduplication", "pattern", "dkim",
)  # fmt: skip
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
HARMLESS_TOKEN = re.compile(rf"(?:{'|'.join(HARMLESS_WORDS)})+tokens?$")
# Names that merely end alike: they say what kind, where or which, never the secret itself.
HARMLESS_NAME = re.compile(
    r"(?:arns?|ids?|names?|types?|length|policy|rotation|enabled|versions?|expiry|expiration|expires"
    r"|expiresin|count|status|region|endpoint|(?<!database)url|uri|ttl|age|validity|algorithm"
    r"|format|file|path|kmskey|required|lifetime)$"
    r"|public(?:key)?(?:material|data|body)?$"
    r"|^(?:xamzcredential|xamzcontentsha256|chimebearer|xamzchimebearer|accesskeyid)$"
)
# Variables of a process, whatever a service calls them.
ENVIRONMENT_NAME = re.compile(r"env(?:ironment)?(?:variables?|vars?)?(?:overrides?)?$")

# Whole values, whatever the client's spelling.
HEADERS = frozenset({
    "x-amz-security-token", "x-amz-s3session-token", "cookie", "set-cookie",
    "x-amz-server-side-encryption-customer-key", "x-amz-server-side-encryption-customer-key-md5",
    "x-amz-copy-source-server-side-encryption-customer-key",
    "x-amz-copy-source-server-side-encryption-customer-key-md5",
})  # fmt: skip
AUTHORIZATION_HEADERS = frozenset({"authorization", "proxy-authorization"})

# Query parameters that are secrets under names that say nothing by themselves.
QUERY_PARAMETERS = frozenset(
    {"signature", "x-amz-signature", "sig", "code", "x-amz-security-token"}
)
