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
    # Of their SQL only what `COMMANDS` and the names find goes.
    "redshift-data": ("Parameters.value", "QueryParameters.value"),
    "rds-data": ("parameters.value", "parameterSets.value"),
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

# What was taken for a form is not taken otherwise (`*+`): a name of digits, which anybody may choose, would
# else take twice as long with each of them.
MEMBER_NAME = re.compile(rf"(?:{'|'.join(NAME_WORDS)})(?:{'|'.join(NAME_FORMS)})*+$")
# Data keys (environment variables, tags, headers in a map) follow nobody's convention.
KEY_NAME = re.compile(
    r"passw|passphrase|passcode|pwd|secret|token|jwt|privatekey|privkey|apikey|authkey"
    r"|accountkey|sharedkey|psk$|credential|connectionstring|cookie|authorization$|bearer"
    r"|contrase|kennwort|passwort|senha|wachtwoord|motdepasse|пароль|密码|パスワード|비밀번호"
    r"|dsn$|signature(?:provided)?$|licensekey|encryptionkey$|accesskey$|databaseurl$|customerkey"
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
# What a sender signs its messages with (webhooks).
SIGNATURE_HEADER = re.compile(r"[^-]-signature(?:-?\d+|-?sha\d+)?$")
AUTHORIZATION_HEADERS = frozenset({"authorization", "proxy-authorization"})

# Query parameters that are secrets under names that say nothing by themselves.
QUERY_PARAMETERS = frozenset(
    {"signature", "x-amz-signature", "sig", "code", "x-amz-security-token"}
)

# Texts: scripts, templates, SQL, messages, URLs. A row is a literal in lower case, without which
# the pattern cannot match, and the pattern, of which a group is the secret. A pattern is compiled
# when its literal is met: most never are, and all together take long to compile.
#
# Names that announce a value: a text with none of these names nothing.
NAMING = (
    "pass", "pwd", "pw", "secret", "token", "key", "jwt", "credential", "cookie", "authorization",
    "bearer", "dsn", "psk", "connection", "database", "signature", "contrase", "kennwort", "senha",
    "wachtwoord", "пароль", "密码", "パスワード", "비밀번호", "sess", "samlresponse", "mnemonic",
    "recovery", "backup",
)  # fmt: skip
# What such a name has, and without which of `TELLING` it cannot be there.
NAME_ROOTS = (
    ("pass", "pass"), ("pw", r"pwd|pw(?![a-z])"), ("secret", "secret"), ("token", "token"),
    ("jwt", "jwt"), ("credential", "credential"), ("cookie", "cookie"),
    ("authorization", "authorization"), ("bearer", "bearer"), ("dsn", "dsn"), ("psk", "psk"),
    ("signature", "signature"),
    ("key", (r"(?:api|auth|account|access|shared|private|priv|licen[cs]e|encryption|customer|symmetric"
            r"|ssh|master|hmac|app|consumer|storage|subscription)[-_.]?key")),
    ("connection", r"connection[-_.]?string"),
    ("database", r"database[-_.]?url"),
    *((word, word) for word in ("contrase", "kennwort", "senha", "wachtwoord", "пароль", "密码",
                                "パスワード", "비밀번호", "samlresponse", "mnemonic")),
    ("sess", r"sess(?:ion)?[-_.]?id"),
    ("recovery", r"recovery[-_. ]?codes?"),
    ("backup", r"backup[-_. ]?codes?"),
)  # fmt: skip

# Without one of these nothing is named in a text, and no command takes anything.
MARKS = re.compile(r"[^A-Za-z0-9_./+-]")
# A text in which these stand is looked at decoded as well.
ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|\\[\"/'bfnrtu\\]|&(?:[a-z]{2,4}|#x?[0-9a-fA-F]{1,6});")
# A run of base64 long enough to hide a text.
CODED = re.compile(r"[A-Za-z0-9+/_-]{24,}(?:\r?\n[A-Za-z0-9+/_-]+)*={0,2}")

# Tokens that are known by their form. Sources: the issuers' pages on what their tokens look like.
_TOKENS = (
    ("gh", r"gh[opsur]_[A-Za-z0-9]{30,}"),
    ("github_pat_", r"github_pat_\w{40,}"),
    ("glpat-", r"glpat-[\w-]{18,}"),
    ("xox", r"xox[a-z]-[\w-]{10,}"),
    ("xapp-", r"xapp-[\w-]{10,}"),
    ("whsec_", r"whsec_[\w+/=]{20,}"),
    ("k_live_", r"[sr]k_live_\w{16,}"),
    ("k_test_", r"[sr]k_test_\w{16,}"),
    ("sk-", r"sk-(?:ant|proj|svcacct|or)-[\w-]{20,}|sk-[A-Za-z0-9]{32,}"),
    ("aiza", r"AIza[\w-]{35}"),
    ("ya29.", r"ya29\.[\w.-]{20,}"),
    ("npm_", r"npm_[A-Za-z0-9]{30,}"),
    ("pypi-", r"pypi-AgE[\w-]{30,}"),
    ("sg.", r"SG\.[\w-]{16,}\.[\w-]{16,}"),
    ("hvs.", r"hvs\.[\w-]{20,}"),
    ("dckr_pat_", r"dckr_pat_[\w-]{20,}"),
    ("shp", r"shp(?:at|ca|pa|ss)_\w{20,}"),
    ("hf_", r"hf_[A-Za-z0-9]{30,}"),
    ("_v1_", r"do[opr]_v1_[0-9a-f]{40,}"),
    ("age-secret-key-", r"AGE-SECRET-KEY-1[0-9A-Za-z]{40,}"),
    ("dapi", r"dapi[0-9a-f]{32}"),
    ("nrak-", r"NRAK-[A-Z0-9]{27}"),
    ("lin_api_", r"lin_api_\w{30,}"),
    ("ntn_", r"ntn_\w{30,}"),
    ("atatt3", r"ATATT3\w{20,}"),
    ("gocspx-", r"GOCSPX-[\w-]{20,}"),
    ("sq0", r"sq0(?:csp|atp|idp)-[\w-]{22,}"),
    ("key-", r"key-[0-9a-f]{32}(?![0-9a-f])"),
    # What it begins with is not looked for behind, which would be tried at each character.
    ("ac", r"AC[0-9a-f]{32}:(?P<v1>[0-9a-f]{32})(?![0-9a-f])"),
    (".", r"[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,}"),
    (":aa", r"(?<=\d{8}:)AA[\w-]{32,}"),
    ("iqojb3jpz2lu", r"IQoJb3JpZ2lu[A-Za-z0-9+/=%]{40,}"),  # STS's session tokens
    ("zxivyxdz", r"F[wQ]oGZXIvYXdz[A-Za-z0-9+/=%]{40,}"),
    ("eyj", r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),  # RFC 7519
)
_PEM = (
    r"-----? ?BEGIN [A-Za-z0-9 ]*(?:PRIVATE KEY|Static key)(?: BLOCK| V1)? ?-----?(?P<v1>(?s:.*?))"
    r"(?=-----? ?END|\Z)"
)
# An access key id with its secret behind it, as console downloads and files have them.
_PAIR = (
    r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{12,124}(?![A-Za-z0-9])[^A-Za-z0-9+/]{1,40}"
    r"(?:[A-Za-z_ \"'.]{1,40}[^A-Za-z0-9+/]{1,8})?(?P<v1>[A-Za-z0-9+/]{40})(?![A-Za-z0-9+/])"
)
_USERINFO = r"://[^/\s:@?#\"'<>]*:(?P<v1>[^/\s?#\"'<>]+)(?=@)"
_USER = r"://(?P<v1>(?=[^/\s:@?#]*\d)[^/\s:@?#\"'<>]{16,})(?=(?::[^/\s?#\"'<>]*)?@)"
# All of them have a run of such characters, so long.
RUN = re.compile(r"[A-Za-z0-9+/_.=-]{18}")
TOKENS = tuple(
    (needle, form if "(?P<v1>" in form else rf"(?<![A-Za-z0-9])(?P<v1>{form})")
    for needle, form in _TOKENS
)
FORMS = (
    ("private key", _PEM),
    ("static key", _PEM),
    ("private-lines", r"Private-Lines:\s*\d+\s+(?P<v1>(?s:.+?))(?=\s*Private-MAC|\Z)"),
    ("akia", _PAIR),
    ("asia", _PAIR),
    ("hooks.slack", r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<v1>[\w/]{16,})"),
    ("/webhooks/", r"/api/webhooks/\d+/(?P<v1>[\w-]{20,})"),
    ("/webhookb2/", r"/webhookb2/(?P<v1>[^\s\"'<>]{20,})"),
    ("@", _USERINFO),
    ("@", _USER),
    # What is left of a URL that a client sent for a path.
    ("@", r"\A/[^/\s:@\"'<>]+:(?P<v1>[^/\s?#\"'<>]+)(?=@[\w-]+\.)"),
)  # fmt: skip

# What a command or a statement puts where.
_WORD = r"""(?:"(?P<v1>[^"\n]+)"|'(?P<v2>[^'\n]+)'|(?P<v3>[^\s"'|;&<>(){}\[\]\\$-][^\s"'|;&<>)}\]\\]*))"""
_SQL = r"""(?:[NnEe]?'(?P<v1>(?:[^'\\]|''|\\.)+)'|"(?P<v2>[^"\n]+)"|\$\$(?P<v3>[^$]+)\$\$)"""
_REST = r"[^\n|;&]{0,200}?"
COMMANDS = (
    ("sshpass", rf"\bsshpass\s+-p\s*{_WORD}"),
    ("mysql", rf"\bmysql(?:dump|admin|import|show)?\b{_REST}\s-p{_WORD}"),
    ("curl", (r"\bcurl\b[^\n|;]{0,400}?\s(?:-u|--user|-U|--proxy-user)[\s=]*[\"']?"
             r"[^\s:\"'$]{1,100}:(?P<v1>[^\s\"'$][^\s\"']*)")),
    ("login", rf"\b(?:docker|podman|helm|oras|skopeo|crane|nerdctl)\b{_REST}\blogin\b{_REST}\s-p[\s=]*{_WORD}"),
    ("echo", rf"\becho\s+(?:-n\s+)?{_WORD}\s*\|\s*(?:sudo\s+-S|[^\n|]{{0,200}}(?:-stdin|passwd))"),
    ("chpasswd", r"[\"'\s][\w.-]+:(?P<v1>[^\s\"'$|]+)[\"']?\s*\|\s*(?:sudo\s+)?chpasswd"),
    ("redis-cli", rf"\bredis-cli\b{_REST}\s-a\s+{_WORD}"),
    ("net", r"(?i:\bnet\s+user)\s+\S+\s+(?P<v1>[^\s/*]\S*)(?=\s+/)"),
    ("securestring", rf"(?i:\bConvertTo-SecureString\s+(?:-String\s+)?){_WORD}"),
    ("htpasswd", rf"\bhtpasswd\s+-\w*b\w*\s+\S+\s+\S+\s+{_WORD}"),
    ("ldap", rf"\bldap\w+\b{_REST}\s-w\s*{_WORD}"),
    ("pass:", r"\bpass(?:in|out)?[\s=]+[\"']?pass:(?P<v1>[^\s\"'$]+)"),
    ("securestring", r"[\"'](?P<v1>[^\"'\n]+)[\"']\s*\|\s*(?i:ConvertTo-SecureString)"),
    ("net use", r"(?i:\bnet\s+use)\s+(?:\S:\s+)?\\\\\S+\s+(?:/user:\S+\s+)?(?P<v1>[^\s/*]\S*)"),
    ("schtasks", rf"(?i:\bschtasks\b){_REST}\s/[rR][pP]\s+{_WORD}"),
    *[(tool, rf"\b{tool.strip()}\b{_REST}\s-p[\s=]*{_WORD}")
      for tool in ("psexec", "cqlsh", "7z ", "usermod")],
    ("mongo", rf"\bmongo(?:sh|dump|restore)?\b{_REST}\s-p[\s=]*{_WORD}"),
    ("ipmitool", rf"\bipmitool\b{_REST}\s-P\s*{_WORD}"),
    ("bcp ", rf"\bbcp\b{_REST}\s-P\s*{_WORD}"),
    ("zip -p", rf"\b(?:un)?zip\s+-P\s*{_WORD}"),
    ("az login", rf"\baz\s+login\b{_REST}\s-p\s+{_WORD}"),
    ("twine", rf"\btwine\s+upload\b{_REST}\s-p\s+{_WORD}"),
    ("smbclient", r"\b(?:smbclient)\b[^\n|;&]{0,200}?\s-U\s*[\"']?[^\s%\"']+%(?P<v1>[^\s\"']+)"),
    ("lftp", r"\blftp\b[^\n|;&]{0,200}?\s-u\s*[\"']?[^\s,\"']+,(?P<v1>[^\s\"']+)"),
    ("sqlplus", r"\bsqlplus\b(?:\s+-\w+)*\s+[\"']?[^\s/\"']+/(?P<v1>[^\s@\"'/]+)(?=@)"),
    ("rabbitmqctl", rf"\brabbitmqctl\s+(?:add_user|change_password)\s+\S+\s+{_WORD}"),
    ("vault login", rf"\bvault\s+login\s+(?!-|\w+=){_WORD}"),
    ("snmp", rf"\bsnmp(?:get|walk|set|bulkwalk|trap)\b{_REST}\s-c\s+{_WORD}"),
    ("curl", r"\bcurl\b[^\n|;]{0,400}?\s(?:-E|--cert)[\s=]*[\"']?[^\s:\"']+:(?P<v1>[^\s\"']+)"),
    *[(tool, rf"\b{tool}[^\n|;]{{0,200}}?(?<=-)(?:a|-auth)[\s=]+[\"']?[^\s:\"']+:(?P<v1>[^\s\"']+)")
      for tool in ("http -", "https -")],
    ("put-parameter", rf"\bput-parameter\b(?=[^\n;|]{{0,400}}SecureString)[^\n;|]{{0,400}}?--value[\s=]+{_WORD}"),
    ("pulumi", rf"\bpulumi\s+config\s+set\b(?=[^\n;|]{{0,200}}--secret)(?:\s+--?\S+)*\s+[^\s-]\S*\s+{_WORD}"),
    ("from-literal", r"--from-literal[\s=]+[\"']?[\w.-]+=(?P<v1>[^\s\"']+)"),
    ("chpasswd", r"\bchpasswd\b[^\n|;]{0,40}<<(?:<\s*[\"']?|-?\s*[\"']?\w+[\"']?\s*\n)[\w.-]+:(?P<v1>[^\s\"']+)"),
    ("<<<", rf"\b(?:su|sudo|passwd|kinit|login|gpg)\b[^\n|;]{{0,100}}<<<\s*{_WORD}"),
    ("/secrets/", rf"\b(?:echo|printf)\s+(?:-\w+\s+|[\"']?%s[\"']?\s+)*{_WORD}\s*>\s*\S*/secrets/"),
    *[(needle, rf"\b(?:echo|printf)\s+(?:-\w+\s+|[\"']?%s(?:\\n)?[\"']?\s+)*{_WORD}\s*\|\s*{reader}")
      for needle, reader in (
          ("passwd", r"(?:sudo\s+)?passwd\b"), ("kinit", r"kinit\b"), ("| su", r"su\b"),
          ("passphrase-fd", r"gpg\b"), ("-stdin", r"[^\n|]{0,200}-stdin\b"),
          ("with-token", r"gh\s+auth\b"))],
    # Settings of devices and programs that have no `=`.
    ("community ", r"\bsnmp-server\s+community\s+(?P<v1>\S+)"),
    ("enable ", r"\benable\s+(?:secret|password)\s+(?:\d\s+)?(?P<v1>\S+)"),
    ("username ", r"\busername\s+\S+(?:\s+privilege\s+\d+)?\s+(?:secret|password)\s+(?:\d\s+)?(?P<v1>\S{5,})"),
    ("bindpw", r"\bbindpw\s+(?P<v1>\S+)"),
    (":5432:", r"(?m)^[ \t]*[\w.*-]+:5432:[\w*.-]+:[\w.@-]+:(?P<v1>[^\s:]+)$"),
    ("wifi:", r"\bWIFI:[^\s]{0,200}?P:(?P<v1>[^;\s]+)"),
    ("\"auth\"", r"\"auth\"\s*:\s*\"(?P<v1>[A-Za-z0-9+/]{8,}={0,2})\""),
    ("<input", (r"<input\b[^<>]{0,200}?(?i:type|name)=[\"']?(?i:password|passwd|\w{0,20}(?:token|secret))[\"']?"
               r"[^<>]{0,200}?\bvalue=[\"'](?P<v1>[^\"'<>]+)")),
    ("@", r"(?<![\w/:@.-])[\w.-]{1,64}:(?P<v1>[^\s:@/\"']{6,})(?=@[\w-]+(?:\.[\w-]+)+:\d{2,5}/)"),
    # Hashes of passwords, as crypt(3), Apache and Argon2 write them.
    *[(mark, (rf"(?P<v1>{re.escape(mark)}[\w./$,=+-]{{0,40}}\$[\w./+=]{{20,}})" if mark[1] != "2" else
             rf"(?P<v1>{re.escape(mark)}\d\d\$[\w./]{{50,}})"))
      for mark in ("$apr1$", "$1$", "$5$", "$6$", "$y$", "$2a$", "$2b$", "$2y$", "$argon2")],
    ("sqlcmd", rf"\bsqlcmd\b{_REST}\s-P\s*{_WORD}"),
    ("identified", (r"(?i:\bIDENTIFIED\s+(?:WITH\s+\S+\s+)?(?:BY|AS)\s+(?:PASSWORD\s+)?)"
                   rf"(?:{_SQL}|(?!(?i:PASSWORD|VALUES|EXTERNALLY)\b|[:?%$@])(?P<v4>[^\s\"';]+))")),
    ("password", rf"(?i:\bSET\s+PASSWORD\b)[^=\n;]{{0,120}}=\s*(?i:PASSWORD\s*\(\s*)?{_SQL}"),
    ("crypt", rf"(?i:\b(?:pgp_sym_(?:en|de)crypt(?:_bytea)?|AES_(?:EN|DE)CRYPT))\s*\([^,)]{{0,200}},\s*{_SQL}"),
    ("encryptby", rf"(?i:\bENCRYPTBYPASSPHRASE)\s*\(\s*{_SQL}"),
    ("symmetric_key", rf"(?i:\bMASTER_SYMMETRIC_KEY\s+(?:AS\s+)?){_SQL}"),
    (":thin:", r":thin:[^/\s@:]{1,100}/(?P<v1>[^\s@]+)@"),
    *[(scheme, (rf"(?<![\w-])(?i:{scheme})(?:\s+|\+|:\s*)(?P<v1>"
               r"(?![\"']?(?:realm|scope|error|charset|token|auth|is|authentication|scheme)\b)"
               r"(?=[^\s\"',;<>\\]*[\d=A-Z_])[A-Za-z0-9._~+/=%-]{8,})"))
      for scheme in ("bearer", "basic", "negotiate")],
)  # fmt: skip

# `name=value` of a URL's query, path or fragment.
QUERY = re.compile(
    r"(?P<lead>[?&;#]|&amp;|^|\s)(?P<name>[A-Za-z0-9_.\-]{2,64})="
    r"(?P<v1>[^&;\s\"'<>\\#,)}\]][^&;\s\"'<>\\#]*)"
)
# What names of members have that `NAMING` lacks.
_OF_MEMBERS = (
    "code",
    "otp",
    "keytab",
    "assertion",
    "userdata",
    "user_data",
    "user-data",
    "seed",
    "pin",
)
_NEEDLES = {*NAMING, *_OF_MEMBERS, *(needle for needle, _ in (*FORMS, *COMMANDS)), "noecho", "sig="}
# What every text of a secret has one of, but for tokens, escapes and base64: of those that contain
# others only the others.
TELLING = tuple(
    sorted(
        needle for needle in _NEEDLES if not any(other in needle for other in _NEEDLES - {needle})
    )
)

# What stands in the place of a secret and is none: references, placeholders, types, code.
REFERENCE = re.compile(
    r"""
      \Z | redacted: | arn:aws | \$\{ | \$\( | (?-i:\$[A-Z_][A-Z0-9_]*)\Z | \$\d\Z | \{\{
    | (?-i:!\s*(?:Ref|Sub|GetAtt|ImportValue|FindInMap|If|Join|Select)\b) | Fn:: | \{"?(?:Ref|Fn::)
    | (?-i:%[A-Z_]+%)\Z | %\(?\w*\)?s\Z | <[^<>]*>\Z | \*+\Z | [xX]{3,}\Z | \.{3} | [?]\Z | :\w+\Z
    | @\w+\Z | `
    | (?:true|false|null|none|nil|yes|no|undefined|string|securestring|number|boolean|integer|text
        |int|bytes|object|any|str|varchar(?:\(\d+\))?|disable|redacted|hidden|masked|required
        |optional|bearer|basic|iam|jwt|md5|enabled|disabled|default|empty|prompt)\Z
    | [A-Za-z_][\w.]*[(\[] | new\s | await\s | \[redacted
    | (?:process\.env|os\.environ|var|local|data|module|self|this|env|config|settings|ctx|args
        |params?|request|event|props|options)\.[\w.\[\]'"]+\Z
    | aws_iam_role= | IAM_ROLE
    """,
    re.VERBOSE | re.IGNORECASE,
)
# A first word after `password:` that goes on with a sentence.
PROSE = frozenset({
    "a", "an", "and", "are", "at", "be", "but", "by", "can", "cannot", "can't", "could", "do",
    "does", "expected", "expires", "expired", "for", "from", "had", "has", "have", "if", "in",
    "incorrect", "invalid", "is", "it", "may", "missing", "must", "needs", "no", "not", "of", "on",
    "one", "or", "please", "provided", "see", "should", "since", "supplied", "the", "this", "that",
    "to", "too", "use", "used", "was", "were", "when", "which", "while", "will", "with", "you",
    "your", "empty", "unset",
})  # fmt: skip
# Names in texts that have a telling word and tell nothing.
HARMLESS_TEXT = re.compile(
    r"(?:stdin|prompt|hint|field|label|placeholder|page|link|form|strength|manager|store|provider"
    r"|lastused|lastchanged|createdate|resetrequired|reset|min|max|history|prevention|source|plugin"
    r"|class|method|header|verified|expirationdate|budget|usage|limit|bucket|refresh|service"
    r"|valuefrom|from|refs?|helper|scopes?|server|issuer|audience)$|tokeni[sz]"
    r"|^(?:hash|user|no|if|for|the|see|secrets|tokens|cookies|cookiepolicy)$|^secretsmanager"
    r"|(?:encryption|kms|public|partition|sort|primary|foreign)key"
)
# Names in texts whose value is a secret where it looks like one by itself: long, and of letters of
# both kinds and digits.
WEAK_TEXT = re.compile(
    r"(?:encryption|master|hmac|app|consumer|storage|subscription|licence)key$|sess(?:ion)?id$"
    r"|samlresponse$|mnemonic$|(?:recovery|backup)codes?$"
)
# Sections of a buildspec whose values say where a secret is.
REFERENCES_BELOW = re.compile(
    r"(?:secrets-manager|parameter-store)[\"']?\s*:\s*(?:\{[^{}]*|\n(?P<indent> +)[^\n]*(?:\n(?P=indent)[^\n]*)*\n(?P=indent)|\n\s+)[\"']?$"
)
# Members that name and value a setting, as JSON, YAML, XML and command lines write them.
PAIR_NAME = re.compile(
    r"(?:name|key|id|option|property|variable|parameter_?key|option_?name|header_?name|k)"
    r"[\"']?\s{0,9}(?:[:=]|>)\s{0,9}[\"']?$",
    re.IGNORECASE,
)
PAIR_VALUE = re.compile(
    r"[\"']?(?:[\s,;]{1,60}|</\w{1,40}>\s{0,20}<)[\"']?"
    r"(?:parameter_?value|default_?value|string_?value|option_?setting|header_?value|value)"
    r"[\"']?\s{0,9}(?:[:=]|>)\s{0,9}",
    re.IGNORECASE,
)
PAIR_VALUE_BEFORE = re.compile(
    r"value[\"']?\s{0,9}[:=]\s{0,9}(?:\"(?P<v1>[^\"]+)\"|'(?P<v2>[^']+)'|(?P<v3>[^\s\"',]+))"
    r"[\s,]{1,60}[\"']?(?:name|key)[\"']?\s{0,9}[:=]\s{0,9}[\"']?$",
    re.IGNORECASE,
)
# A name in front of which a command takes its value after a blank.
BLANK_VALUE = re.compile(
    r"(?:(?:^|\s|[\"'])--?|(?:^|\n)\s*(?:ENV|ARG|setenv)\s+|\b(?:configure|config)\s+set\s+\S*"
    r"|\blogin\s+\S+\s+|\bset\s+)$"
)
