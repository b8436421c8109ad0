"""What an operation is worth that no table names: rules over `service:Operation`.

Services name their operations alike, so what one means mostly follows from its service and its
words. The tables of `operations` are exceptions to these rules, and are asked first.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from apitrail.cloudtrail.access import READ_ONLY_PREFIXES


class Worth(NamedTuple):
    """How much surprise counts (`weight`), what is added to it (`prior`), and the words for it."""

    weight: float
    prior: float
    tactic: str


READ = Worth(0.12, 0.0, "")
WRITE = Worth(0.45, 0.0, "")
TELLING_READ = Worth(0.3, 0.1, "discovery")
SECRET = Worth(0.6, 0.4, "credential access")
COMMON = Worth(0.8, 0.2, "")
RARE = Worth(0.9, 0.7, "")
LATERAL = Worth(0.8, 0.5, "lateral movement")
EXECUTION = Worth(1.0, 1.0, "execution")
IMPACT = Worth(1.1, 1.9, "impact")
EXFILTRATION = Worth(1.1, 1.9, "exfiltration")
ESCALATION = Worth(1.1, 1.7, "privilege escalation")
CREDENTIALS = Worth(1.1, 2.0, "persistence")
EVASION = Worth(1.2, 2.4, "defence evasion")
# From this prior on an operation is critical: what it is used for is seldom usual. From the other
# one on it is rare.
CRITICAL = 1.5
UNUSUAL = 0.5

# Services that watch over the account: what takes something from them, or has them overlook
# something, hides what comes next.
_WATCHING = (
    "guardduty securityhub macie2 macie config cloudtrail access-analyzer detective inspector2 inspector "
    "auditmanager securitylake fms wafv2 waf waf-regional shield network-firewall"
)  # fmt: skip
_TAKES_AWAY = "Delete|Disable|Stop|Disassociate|Detach|Deregister|Remove|Leave|Cancel|Batch(?:Disable|Delete)|Deactivate|Suspend"
_OVERLOOKS = "Archive|Create(?:Filter|IPSet|FindingsFilter|ArchiveRule|Suppression)|Update(?:Filter|IPSet|ThreatIntelSet|ArchiveRule|FindingsFilter)"
# Services that say who may come in, for a person or for a whole account.
_ADMITTING = "sso|sso-directory|sso-admin|identitystore|organizations|account|rolesanywhere|signin|billing|payments|ds|directoryservice"
_MAKES = "Create|Put|Set|Add|Attach|Associate|Update|Modify|Authorize|Enable|Accept|Register|Grant|Share|Invite|Issue|Import|Upload|Reset"
_KEYS = r"AccessKey|Credential|LoginProfile|Password|PublicKey|SSHKey|SigningCertificate|ApiKey|APIKey|PresignedUrl|PresignedDomainUrl|SAMLProvider|OpenIDConnect|IdentityProvider|TrustedToken|TrustStore|MFADevice"

# Pattern → worth; the first one that the whole of `service:Operation` begins with counts.
_WRITES: tuple[tuple[str, Worth], ...] = (
    (rf"(?:{_WATCHING.replace(' ', '|')}):(?:{_TAKES_AWAY}|{_OVERLOOKS})", EVASION),
    (rf"(?:{_ADMITTING}):(?!CreateToken|Get|List|Describe|Tag|Untag|ConsoleLogin)", ESCALATION),
    (rf"[\w-]+:(?:{_MAKES})\w*(?:{_KEYS})", CREDENTIALS),
    (r"cognito-idp:Admin", ESCALATION),
    (r"[\w-]+:(?:Export|CreateExport|StartExport|Transfer|CreateTransfer|Share|CreateShare|Mirror)", EXFILTRATION),
    (r"[\w-]+:\w*(?:Replication(?!Group|Task|Instance|Subnet)|ExportTask|ExportJob|Sharing|SharedWith)", EXFILTRATION),
    (rf"[\w-]+:(?:{_MAKES})\w*(?:Permission|Policy|Grant|Principal|AccessEntry|AccessPoint|Peering|Share|Acl)", RARE),
    (r"[\w-]+:(?:Restore|Copy|Download)", RARE),
    (r"[\w-]+:\w*(?:Quota|Reserved|Spot|SpendLimit|Marketplace|Agreement|Entitlement|ModelAccess)", RARE),
    (r"[\w-]+:(?:Disable|Deregister|Schedule\w*Deletion|Suspend|Purge)", RARE),
    (r"[\w-]+:Delete\w*(?:LogStream|LogDelivery|Audit|Monitor|Detector|Backup|RecoveryPoint|Vault|Encryption|Lock|Lifecycle|Retention)", RARE),
    (r"iam:", RARE),
    (r"[\w-]+:(?:Delete|Terminate|Destroy|Stop|Remove|Cancel|Detach|Disassociate|Reset|Revoke)", COMMON),
    (r"[\w-]+:(?:Run|Execute|Invoke|Submit|Send|Start|Batch(?:Run|Start))", COMMON),
    (r"[\w-]+:\w*(?:Pipeline|Notebook|Endpoint|Function|Project|Job|Environment|Stack|Image|Fleet|Script|Connection|Document|Automation)", COMMON),
)  # fmt: skip
_READS: tuple[tuple[str, Worth], ...] = (
    (r"[\w-]+:(?:Get|Download|Batch(?:Get)?|Retrieve|Generate)\w*(?:Credential|Password|SecretValue|KeyPair|PrivateKey|SSHKey|AuthToken)", SECRET),
    (rf"(?:{_WATCHING.replace(' ', '|')}|organizations|account|iam):(?:Get|List|Describe)", TELLING_READ),
    (r"[\w-]+:(?:Scan|Select|Export|Download|BatchGet|Batch(?:Execute)|Execute)", TELLING_READ),
)  # fmt: skip
# What says whom it lets in: such calls' parameters are looked at.
_LETS_IN = re.compile(
    rf"(?:{_MAKES})\w*(?:Polic(?:y|ies)|Permission|Attribute|Grant|Share|Principal|Access|Acl|Replication|Peering"
    r"|Subscription|Trust|UrlConfig|Ingress|Egress|Rules|Membership|Invitation|Role)|Subscribe$"
)  # fmt: skip


def _compiled(rules: tuple[tuple[str, Worth], ...]) -> tuple[tuple[re.Pattern[str], Worth], ...]:
    return tuple((re.compile(pattern), found) for pattern, found in rules)


_COMPILED = {False: _compiled(_WRITES), True: _compiled(_READS)}


def by_rule(operation: str, *, read_only: bool) -> Worth:
    """What `service:Operation` is worth by its words."""
    for pattern, found in _COMPILED[read_only]:
        if pattern.match(operation):
            return found
    return READ if read_only else WRITE


def lets_in(name: str) -> bool:
    """May the parameters of an operation of this name say who may come in?"""
    return not name.startswith(READ_ONLY_PREFIXES) and _LETS_IN.match(name) is not None
