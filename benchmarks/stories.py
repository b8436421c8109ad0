"""Attack stories, from the published techniques of cloud attack emulation tools.

The sources are the technique lists of Stratus Red Team, Pacu, CloudGoat and Leonidas, and MITRE
ATT&CK's cloud matrix. Each story says who is taken over and what is called; how it is done is one of
three ways: `stolen` (from the attacker's network, with the attacker's program), `inside` (from the
caller's own machine, with another program), `insider` (from the caller's own place and program).
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.traffic import ACCOUNT, BOTO, CLI, GO, MINUTE, Account, Principal, Record, record

OTHER = "998877665544"
WORLD_SSH = {
    "ipPermissions": {
        "items": [{"fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]
    }
}
TRUST = {
    "roleName": "deploy",
    "policyDocument": f'{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{OTHER}:root"}},"Action":"sts:AssumeRole"}}]}}',
}
ADMIN = {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
PUBLIC = {
    "bucketName": "app-0-data",
    "bucketPolicy": {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
                "Action": ["s3:GetObject"],
            }
        ]
    },
}
SHARE = {"snapshotId": "snap-1", "createVolumePermission": {"add": {"items": [{"userId": OTHER}]}}}
SHARE_AMI = {"imageId": "ami-1", "launchPermission": {"add": {"items": [{"userId": OTHER}]}}}
SHARE_RDS = {"dBSnapshotIdentifier": "s", "attributeName": "restore", "valuesToAdd": [OTHER]}
SHARE_LAMBDA = {"functionName": "f", "principal": OTHER, "action": "lambda:InvokeFunction"}
LIFECYCLE = {
    "bucketName": "app-1-data",
    "LifecycleConfiguration": {"Rule": {"Expiration": {"Days": 1}}},
}
ERRORS = {"!": "AccessDenied", "$": "MalformedPolicyDocumentException"}

PARAMETERS: dict[str, object] = {
    "AuthorizeSecurityGroupIngress": WORLD_SSH, "UpdateAssumeRolePolicy": TRUST, "AttachUserPolicy": ADMIN,
    "AttachRolePolicy": ADMIN, "PutBucketPolicy": PUBLIC, "ModifySnapshotAttribute": SHARE,
    "ModifyImageAttribute": SHARE_AMI, "ModifyDBSnapshotAttribute": SHARE_RDS, "AddPermission20150331v2": SHARE_LAMBDA,
    "PutBucketLifecycle": LIFECYCLE, "CreateRole": TRUST,
}  # fmt: skip


@dataclass(frozen=True)
class Story:
    """`steps` are `service Operation`, `*N` for N times, `!` where it is refused, `$` where it is malformed."""

    name: str
    tactic: str
    actors: str
    steps: str
    ways: str = "stolen inside insider"


_LIST = """
ec2-steal-password-data|credential access|person agent app|ec2 DescribeInstances, ec2 GetPasswordData*12
secretsmanager-retrieve|credential access|person agent app|secretsmanager ListSecrets, secretsmanager GetSecretValue*12
secretsmanager-batch|credential access|agent app iac|secretsmanager BatchGetSecretValue*4
ssm-retrieve-securestring|credential access|person agent app|ssm DescribeParameters, ssm GetParameters*8
instance-role-outside|credential access|app|sts GetCallerIdentity, s3 ListBuckets, ec2 DescribeInstances|stolen
console-password-guessing|credential access|user|signin ConsoleLogin~*14|stolen
console-login-without-mfa|initial access|user|signin ConsoleLogin?|stolen
root-login|initial access|root|signin ConsoleLogin?, iam CreateAccessKey|stolen
key-probe|discovery|user agent|sts GetCallerIdentity, iam ListUsers!, iam ListRoles!, s3 ListBuckets!, ec2 DescribeInstances!, lambda ListFunctions20150331!, rds DescribeDBInstances!, iam GetUser!, secretsmanager ListSecrets!|stolen
enumerate-from-instance|discovery|app|sts GetCallerIdentity, s3 ListBuckets, iam GetAccountSummary, iam ListRoles, iam ListUsers, iam GetAccountAuthorizationDetails!, ec2 DescribeSnapshots, cloudtrail DescribeTrails, guardduty ListDetectors|stolen inside
download-user-data|discovery|agent app|ec2 DescribeInstances, ec2 DescribeInstanceAttribute#*10|stolen inside
ses-enumerate|discovery|user agent|ses GetAccountSendingEnabled, ses GetSendQuota, ses ListIdentities, ses GetIdentityVerificationAttributes, servicequotas ListServiceQuotas|stolen
bedrock-probe|discovery|user agent ci|bedrock ListFoundationModels, bedrock GetFoundationModelAvailability, bedrock GetUseCaseForModelAccess!, bedrock InvokeModel*6|stolen
iam-map|discovery|ci iac app|iam GetAccountAuthorizationDetails*4, iam GetCredentialReport, iam ListVirtualMFADevices, iam ListSAMLProviders, iam GetAccountPasswordPolicy|stolen inside
backdoor-user-key|persistence|person iac agent|iam ListUsers, iam CreateAccessKey
backdoor-admin-user|persistence|person agent ci|iam CreateUser, iam AttachUserPolicy, iam CreateAccessKey
login-profile|persistence|person agent iac|iam CreateLoginProfile
login-profile-update|escalation|person agent|iam ListUsers, iam UpdateLoginProfile
backdoor-role|persistence|person iac ci|iam UpdateAssumeRolePolicy
new-role-for-outsider|persistence|person iac agent|iam CreateRole, iam AttachRolePolicy
lambda-open|persistence|person ci iac|lambda AddPermission20150331v2
lambda-overwrite|persistence|person agent app|lambda ListFunctions20150331, lambda GetFunction20150331v2, lambda UpdateFunctionCode20150331v2|stolen inside
lambda-layer|persistence|person ci agent|lambda PublishLayerVersion20181031, lambda UpdateFunctionConfiguration20150331v2^
roles-anywhere|persistence|person iac agent|rolesanywhere CreateTrustAnchor, iam CreateRole, rolesanywhere CreateProfile
federation-token|persistence|user agent|sts GetCallerIdentity, sts GetFederationToken|stolen
saml-provider|persistence|person iac|iam CreateSAMLProvider
identity-center-admin|persistence|person|sso CreatePermissionSet, sso AttachManagedPolicyToPermissionSet, sso CreateAccountAssignment
eks-access|persistence|person iac ci|eks CreateAccessEntry, eks AssociateAccessPolicy
policy-version|escalation|person agent ci|iam ListPolicies, iam CreatePolicyVersion, iam SetDefaultPolicyVersion
inline-admin|escalation|agent ci user|iam PutUserPolicy
group-escalation|escalation|agent user|iam ListGroups, iam AddUserToGroup|stolen inside
instance-profile|escalation|person agent ci|iam CreateInstanceProfile, iam AddRoleToInstanceProfile, ec2 ReplaceIamInstanceProfileAssociation
change-user-data|escalation|person agent app|ec2 StopInstances, ec2 ModifyInstanceAttribute%, ec2 StartInstances
mfa-off|persistence|person agent|iam ListMFADevices, iam DeactivateMFADevice
stop-trail|evasion|person iac agent|cloudtrail DescribeTrails, cloudtrail StopLogging
delete-trail|evasion|person iac ci|cloudtrail DeleteTrail
event-selectors|evasion|person agent|cloudtrail PutEventSelectors
trail-lifecycle|evasion|person iac|s3 PutBucketLifecycle
leave-organization|evasion|person agent|organizations LeaveOrganization
no-flow-logs|evasion|person iac ci|ec2 DescribeFlowLogs, ec2 DeleteFlowLogs
no-dns-logs|evasion|person agent|route53resolver DisassociateResolverQueryLogConfig, route53resolver DeleteResolverQueryLogConfig
no-guardduty|evasion|person agent iac|guardduty ListDetectors, guardduty UpdateDetector, guardduty DeleteDetector
no-config|evasion|person agent|config DescribeConfigurationRecorders, config StopConfigurationRecorder
share-snapshot|exfiltration|person agent backup|ec2 DescribeSnapshots, ec2 CreateSnapshot, ec2 ModifySnapshotAttribute
share-ami|exfiltration|person agent ci|ec2 ModifyImageAttribute
share-rds|exfiltration|person agent|rds CreateDBSnapshot, rds ModifyDBSnapshotAttribute
open-bucket|exfiltration|person iac agent|s3 PutBucketPolicy
ssh-open|exfiltration|person iac agent|ec2 AuthorizeSecurityGroupIngress
public-block-off|exfiltration|person iac|s3 DeletePublicAccessBlock, s3 PutBucketAcl
bulk-download|exfiltration|app agent|s3 ListBuckets, s3 GetObject*150|stolen
rds-export|exfiltration|person agent|rds DescribeDBSnapshots, rds StartExportTask
ebs-direct|exfiltration|agent app|ebs ListSnapshotBlocks, ebs GetSnapshotBlock*40|stolen inside
ransom-batch-delete|impact|person app agent|s3 ListBuckets, s3 ListObjects, s3 DeleteObjects*8
ransom-delete|impact|person app agent|s3 ListObjects, s3 DeleteObject*60
ransom-encrypt|impact|app agent|s3 ListObjects, s3 GetObject*30, s3 CopyObject*30
key-deletion|impact|person iac agent|kms ListKeys, kms ScheduleKeyDeletion*3
wipe-backups|impact|person backup agent|backup ListRecoveryPointsByBackupVault, backup DeleteRecoveryPoint*10, backup DeleteBackupVault
wipe-databases|impact|person iac agent|rds ModifyDBInstance, rds DeleteDBInstance*3
mining|impact|agent ci user|ec2 DescribeRegions, servicequotas ListServiceQuotas, ec2 CreateKeyPair, ec2 CreateSecurityGroup, ec2 RunInstances@*6|stolen
mining-ecs|impact|agent ci|ecs CreateCluster@, ecs RegisterTaskDefinition@, iam CreateRole, ecs CreateService@|stolen
llm-jacking|impact|user agent app|bedrock PutUseCaseForModelAccess, bedrock CreateFoundationModelAgreement, bedrock InvokeModel*20|stolen
ses-spam|impact|user agent app|ses GetSendQuota, ses VerifyEmailIdentity, ses UpdateAccountSendingEnabled, ses SendEmail*30|stolen
send-command|execution|person agent ci|ssm DescribeInstanceInformation, ssm SendCommand, ssm GetCommandInvocation*3
session-to-instances|execution|agent app ci|ssm StartSession*4|stolen inside
instance-connect|execution|person agent|ec2 DescribeInstances, ec2-instance-connect SendSSHPublicKey*3
serial-console|execution|person agent|ec2 EnableSerialConsoleAccess, ec2-instance-connect SendSerialConsoleSSHPublicKey
ecs-exec|execution|agent app|ecs ListTasks, ecs ExecuteCommand*3|stolen inside
role-chain|lateral movement|agent app ci|sts AssumeRole*5, iam ListAttachedRolePolicies, sts GetCallerIdentity|stolen inside
"""


def stories() -> list[Story]:
    """All of them."""
    return [Story(*line.split("|")) for line in _LIST.strip().splitlines()]


def principal(rng: random.Random, account: Account, actor: str) -> Principal:
    """One of the account's callers of this sort."""
    match actor:
        case "person":
            return rng.choice(account.people[:7])
        case "agent":
            return rng.choice(account.agents)
        case "app":
            return rng.choice(account.apps)
        case "iac":
            return account.iac
        case "ci":
            return account.ci
        case "backup":
            return account.backup
        case "user":
            return account.report
        case _:
            identity: dict[str, object] = {
                "type": "Root",
                "principalId": ACCOUNT,
                "arn": f"arn:aws:iam::{ACCOUNT}:root",
                "accountId": ACCOUNT,
            }
            return Principal(identity, "1.1.1.1", account.people[0].agent)


def tell(
    rng: random.Random,
    account: Account,
    story: Story,
    way: str,
    start: float,
    asked: Mapping[str, object],
) -> list[Record]:
    """The story's records, from `start` on."""
    who = principal(rng, account, rng.choice(story.actors.split()))
    address, agent = who.address, who.agent
    if way == "stolen":
        address = f"{rng.randrange(140, 199)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        agent = rng.choice(
            (
                BOTO.format(minor=140),
                CLI.format(minor=17),
                GO.format(minor=30),
                "aws-cli/2.15.0 Python/3.11 Linux/6.6.9-kali-amd64 exe/x86_64.kali.2023",
                "stratus-red-team_3b1f",
            )
        )
    elif way == "inside":
        agent = rng.choice((CLI.format(minor=11), BOTO.format(minor=22)))
    pace = rng.choice((1, 4, 20))
    now, found = start, []
    for step in story.steps.split(", "):
        service, _, name = step.partition(" ")
        name, _, times = name.partition("*")
        for number in range(int(times or 1)):
            now += rng.random() * (pace if not times else min(pace, 4))
            found.append(_call(rng, now, who, service, name, number, address, agent, asked))
    return found


def _call(
    rng: random.Random,
    now: float,
    who: Principal,
    service: str,
    name: str,
    number: int,
    address: str,
    agent: str,
    asked: Mapping[str, object],
) -> Record:
    plain = name.rstrip("!~?#^%@$")
    parameters = asked.get(plain)
    more: dict[str, object] = {}
    if plain in {"GetSecretValue", "GetParameters"}:
        parameters = (
            {"secretId": f"prod/other-{number}"}
            if plain == "GetSecretValue"
            else {"names": [f"/prod/{number}"], "withDecryption": True}
        )
    elif plain in {"GetObject", "DeleteObject", "CopyObject", "DeleteObjects"}:
        given = parameters if isinstance(parameters, dict) else {}
        parameters = {**given, "bucketName": f"app-{number % 3}-data", "key": str(number)}
    elif name.endswith("#"):
        parameters = {"attribute": "userData", "instanceId": f"i-{number}"}
    elif name.endswith("^"):
        parameters = {"layers": [f"arn:aws:lambda:eu-west-1:{OTHER}:layer:x:1"]}
    elif name.endswith("%"):
        parameters = {"instanceId": "i-1", "userData": "<sensitiveDataRemoved>"}
    elif plain == "AssumeRole" and parameters is None:
        parameters = {"roleArn": f"arn:aws:iam::{ACCOUNT}:role/admin-{number}"}
    elif plain == "ConsoleLogin":
        answer = "Failure" if name.endswith("~") else "Success"
        more = {"answer": {"ConsoleLogin": answer}, "additionalEventData": {"MFAUsed": "No"}}
    error = ERRORS.get(name[-1])
    region = "ap-northeast-3" if name.endswith("@") else None
    return record(
        rng,
        now,
        who,
        service,
        plain,
        parameters=parameters,
        error=error,
        address=address,
        agent=agent,
        region=region,
        **more,
    )


def injected(
    account: Account,
    seed: int,
    since: float,
    until: float,
    told: Sequence[Story],
    asked: Mapping[str, object],
) -> list[tuple[Story, str, list[Record]]]:
    """Every story once, each in one of its ways, at any time between the two."""
    rng = random.Random(seed * 7919 + 1)
    return [
        (story, way, tell(rng, account, story, way, rng.uniform(since, until - 30 * MINUTE), asked))
        for story in told
        for way in [rng.choice(story.ways.split())]
    ]
