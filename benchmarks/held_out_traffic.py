"""Thirty days of another account's usual traffic, from clients that the detectors were not made with.

Pull requests are planned and applied, builds run as a matrix under several roles, CloudFormation
and Lambda act for others, nodes come and go with the load, backups go to another region and are
shared with the backup account, people come by SSO from a VPN, from home and from trains, somebody is
on call at night, and every few days a service is deployed that was not there before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from benchmarks.called import CONSOLE, MODULES, PLAIN_WRITES, READS, TEARDOWN
from benchmarks.traffic import (
    ACCOUNT,
    BOTO,
    BROWSER,
    CLI,
    DAY,
    GO,
    HOUR,
    JAVA,
    MINUTE,
    TERRAFORM,
    Account,
    Principal,
    Record,
    _workday,
    record,
    role,
    sso,
    user,
)

NODE = "aws-sdk-js/3.{minor}.0 ua/2.1 os/linux lang/js md/nodejs#20.11 api/dynamodb#3.{minor}.0"
LAMBDA = "Boto3/1.34.{minor} md/Botocore#1.34 ua/2.1 os/linux exec-env/AWS_Lambda_python3.12"
BACKUP_ACCOUNT = "555544443333"
NIGHT = (
    "ecs DescribeServices", "logs FilterLogEvents", "logs StartQuery", "logs GetQueryResults", "monitoring DescribeAlarms",
    "monitoring GetMetricData", "ec2 DescribeInstanceStatus", "rds DescribeDBInstances", "rds DescribeEvents",
    "elasticloadbalancing DescribeTargetHealth", "sqs GetQueueAttributes", "lambda GetFunctionConfiguration20150331v2",
)  # fmt: skip
REMEDIES = (
    "ecs UpdateService", "ec2 RebootInstances", "autoscaling SetDesiredCapacity", "ssm StartSession",
    "lambda UpdateFunctionConfiguration20150331v2", "rds RebootDBInstance", "sqs PurgeQueue", "ecs StopTask",
)  # fmt: skip
POSTURE = ("sts GetCallerIdentity", "kms DescribeKey", "logs DescribeLogGroups", "iam GetRole")
WORK = ("dynamodb GetItem", "dynamodb Query", "dynamodb PutItem", "sqs SendMessage", "sqs ReceiveMessage", "kms Decrypt",
        "s3 PutObject", "s3 GetObject", "ssm GetParameter", "sns Publish", "events PutEvents", "kinesis PutRecord")  # fmt: skip


class OtherAccount(Account):
    """Its clients; everything follows from the seed."""

    def __init__(self, seed: int, days: int = 30, scale: float = 1.0) -> None:
        super().__init__(seed + 50_000, days, scale)
        self.people = [self._colleague(number) for number in range(10)]
        self.iac = Principal(role("tf-apply", "atlantis"), "10.30.0.5", TERRAFORM.format(minor=8))
        self.plan = Principal(role("tf-plan", "atlantis"), "10.30.0.5", TERRAFORM.format(minor=8))
        self.ci = Principal(role("ci-publish", "run"), "20.9.9.9", CLI.format(minor=16))
        self.cdk = Principal(
            role("cdk-deploy", "aws-cdk"), "20.9.9.9", "aws-sdk-js/2.1600 cdk/2.140"
        )
        self.agents = [
            Principal(user("coding-agent"), "10.40.0.2", BOTO.format(minor=120)),
            Principal(role("support-agent", "bot"), "10.40.0.9", NODE.format(minor=560)),
        ]
        self.backup = Principal(
            role("AWSBackupDefault", "backup-job"), "10.0.3.12", BOTO.format(minor=91)
        )
        self.report = Principal(user("billing-export"), "52.31.9.9", BOTO.format(minor=61))
        self.karpenter = Principal(
            role("karpenter", "karpenter"), "10.0.9.9", GO.format(minor=26) + " karpenter"
        )
        self.apps = [self._pods(number) for number in range(6)]
        self.functions = [f"fn-{number}" for number in range(5)]
        self.analyst = Principal(
            sso("lena", "DataScience"), f"{self.office}77", JAVA.format(minor=20)
        )
        self.later: list[Principal] = []

    def _colleague(self, number: int) -> Principal:
        names = ("kim", "lou", "max", "nia", "omar", "pia", "quin", "rosa", "sam", "tess")
        permission = (
            "PlatformAdmin" if number < 2 else "PowerUser" if number < 7 else "ViewOnlyAccess"
        )
        found = Principal(
            sso(names[number], permission),
            f"{self.office}{self.rng.randrange(1, 255)}",
            self.rng.choice(BROWSER),
        )
        found.region = "eu-west-1"
        return found

    def _pods(self, number: int) -> Principal:
        agent = self.rng.choice((NODE, GO, JAVA, BOTO)).format(minor=self.rng.randrange(99))
        found = Principal(
            role(f"svc-{number}", f"eks-shop-{number}"), f"10.8.{number}.{number + 4}", agent
        )
        found.secrets = [f"svc/{number}/db"]
        return found

    def _day(self, day: int, start: int) -> Iterator[Record]:
        for number, who in enumerate(self.people):
            if number == 9 and day < 9:
                continue  # joins
            yield from self._work_day(number, who, day, start)
        yield from self._pull_requests(day, start)
        yield from self._matrix(day, start)
        yield from self._cdk_day(day, start)
        for agent in self.agents:
            yield from self._agent_work(agent, day, start)
        yield from self._nodes(start)
        yield from self._backups(day, start)
        for app in (*self.apps, *self.later):
            yield from self._pod_day(app, start)
        for name in self.functions:
            yield from self._function_day(name, start)
        yield from self._new_service(day, start)
        yield from self._analysis(day, start)
        yield from self._on_call(day, start)
        yield from self._services_day(start)
        for hour in range(0, 24, 6):
            yield record(self.rng, start + hour * HOUR + 30, self.report, "ce", "GetCostAndUsage")

    def _call(
        self,
        when: float,
        who: Principal,
        what: str,
        address: str | None = None,
        agent: str | None = None,
        error: str | None = None,
        parameters: object = None,
        region: str | None = None,
        **more: object,
    ) -> Record:
        service_name, _, name = what.partition(" ")
        return record(
            self.rng, when, who, service_name, name, parameters=parameters, error=error, address=address, agent=agent,
            region=region, **more,
        )  # fmt: skip

    # -- people ------------------------------------------------------------------------------

    def _whereabouts(self, number: int, who: Principal) -> str:
        rng = self.rng
        dice = rng.random()
        if dice < 0.45:
            return f"185.7.{rng.randrange(3)}.{rng.randrange(1, 255)}"  # the VPN
        if dice < 0.75:
            return (
                f"{77 + number}.12.{number}.{rng.randrange(1, 255)}"  # at home, by dynamic address
            )
        if dice < 0.83:
            return f"109.{40 + rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"  # a telephone
        if dice < 0.86:
            return f"{rng.choice((62, 88, 151, 193))}.{rng.randrange(256)}.{rng.randrange(256)}.9"  # hotel, train
        return who.address

    def _work_day(self, number: int, who: Principal, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        if rng.random() > (0.85 if _workday(day) else 0.04):
            return
        address = self._whereabouts(number, who)
        favourites = list(CONSOLE)
        random.Random(number + 31).shuffle(favourites)
        now: float = start + 7 * HOUR + rng.randrange(3 * HOUR)
        yield self._call(
            now, who, "signin ConsoleLogin", address, region="us-east-1", answer={"ConsoleLogin": "Success"},
            additionalEventData={"MFAUsed": "No", "SamlProviderArn": "arn:aws:iam::1:saml-provider/sso"},
        )  # fmt: skip
        for _ in range(rng.randrange(1, 12)):
            now += rng.expovariate(1 / (40 * MINUTE))
            if rng.random() < 0.08:
                address = self._whereabouts(number, who)  # went home, or out to lunch
            place = favourites[min(int(rng.paretovariate(0.8)) - 1, len(favourites) - 1)]
            operations = CONSOLE[place].split()
            agent = CLI.format(minor=16) if number < 5 and rng.random() < 0.3 else None
            moment = now
            for name in rng.sample(operations, rng.randrange(1, min(12, len(operations)) + 1)):
                moment += rng.random() * 3
                error = (
                    "Client.UnauthorizedOperation" if number > 6 and rng.random() < 0.08 else None
                )
                yield self._call(moment, who, f"{place} {name}", address, agent, error)
            if number < 7 and rng.random() < 0.1:
                what = rng.choice(PLAIN_WRITES[: 12 + number * 3])
                yield self._call(moment + 20, who, what, address, agent)

    def _on_call(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        who = self.people[day // 7 % 5]
        if rng.random() > 0.2:
            return
        now: float = start + rng.choice((0, 1, 2, 3, 4, 22, 23)) * HOUR + rng.randrange(HOUR)
        address = self._whereabouts(day // 7 % 5, who)
        agent = CLI.format(minor=16) if rng.random() < 0.5 else None
        for what in rng.choices(NIGHT, k=rng.randrange(12, 50)):
            now += rng.expovariate(1 / 20)
            yield self._call(now, who, what, address, agent)
        for what in rng.sample(REMEDIES, rng.randrange(1, 3)):
            now += 30
            yield self._call(now, who, what, address, agent)

    def _analysis(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        if not _workday(day) or rng.random() < 0.3:
            return
        now: float = start + 9 * HOUR + rng.randrange(6 * HOUR)
        for _ in range(rng.randrange(3, 20)):
            now += rng.expovariate(1 / 200)
            for what in (
                "athena StartQueryExecution",
                "athena GetQueryExecution",
                "athena GetQueryExecution",
                "athena GetQueryResults",
                "glue GetTable",
            ):
                now += rng.random() * 4
                yield self._call(now, self.analyst, what)
        if rng.random() < 0.4:
            for number in range(rng.randrange(50, 400)):
                yield self._call(now + number * 0.5, self.analyst, "s3 GetObject", parameters={"bucketName": "lake-curated"})  # fmt: skip

    # -- infrastructure as code, builds, agents --------------------------------------------------

    def _pull_requests(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        known = MODULES[: 12 + day // 3]
        for _ in range(rng.randrange(4, 12) if _workday(day) else 1):
            now = float(start + 8 * HOUR + rng.randrange(10 * HOUR))
            touched = rng.sample(known, rng.randrange(2, 6))
            session = f"pr-{rng.randrange(900)}"
            for caller, writes in ((self.plan, False), (self.iac, rng.random() < 0.6)):
                who = Principal(
                    role(str(caller.identity["arn"]).split("/")[1], session),
                    caller.address,
                    caller.agent,
                )
                yield self._call(now, who, "s3 GetObject", parameters={"bucketName": "tf-state"})
                for module in touched:  # the refresh of the state: many reads at once
                    place, _, names = module.partition(":")
                    for name in names.split():
                        if name.startswith(READS):
                            for _ in range(rng.randrange(2, 14)):
                                now += rng.random() * 0.4
                                yield self._call(now, who, f"{place} {name}")
                for module in touched if writes else ():
                    place, _, names = module.partition(":")
                    for name in names.split():
                        if not name.startswith(READS) and rng.random() < 0.3:
                            now += rng.random() * 3
                            error = "LimitExceededException" if rng.random() < 0.02 else None
                            yield self._call(now, who, f"{place} {name}", error=error)
                if writes and rng.random() < 0.1:
                    yield self._call(now + 3, who, rng.choice(TEARDOWN))
                now += 20 * MINUTE

    def _matrix(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        for _ in range(rng.randrange(8, 20) if _workday(day) else 2):
            pushed = start + 7 * HOUR + rng.randrange(13 * HOUR)
            branch = rng.choice(("main", f"feature-{rng.randrange(200)}", "release"))
            for job in range(rng.randrange(2, 8)):
                now = pushed + rng.random() * 40
                address = f"{rng.choice((4, 13, 20, 40, 52, 172))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
                web = Principal(
                    {
                        "type": "WebIdentityUser",
                        "principalId": "arn:aws:iam::1:oidc-provider/gitlab.example.com",
                        "userName": f"project_path:shop/{job}:ref_type:branch:ref:{branch}",
                    },
                    address,
                    CLI.format(minor=16),
                )
                name = "ci-publish" if branch == "main" else "ci-test"
                yield self._call(now, web, "sts AssumeRoleWithWebIdentity", parameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/{name}"})  # fmt: skip
                who = Principal(
                    role(
                        name, f"gitlab-{rng.randrange(10**7)}", key=f"ASIACI{rng.randrange(10**10)}"
                    ),
                    address,
                    self.ci.agent,
                )
                steps = [
                    "sts GetCallerIdentity",
                    "ecr GetAuthorizationToken",
                    "ecr BatchGetImage",
                    "ecr GetDownloadUrlForLayer",
                ]
                if name == "ci-publish":
                    steps += [
                        "ecr InitiateLayerUpload",
                        "ecr UploadLayerPart",
                        "ecr CompleteLayerUpload",
                        "ecr PutImage",
                    ]
                    steps += ["s3 PutObject"] * rng.randrange(0, 30)
                else:
                    steps += [
                        "s3 GetObject",
                        "dynamodb CreateTable",
                        "dynamodb PutItem",
                        "dynamodb DeleteTable",
                    ]
                for step in steps:
                    now += rng.random() * 4
                    yield self._call(now, who, step, parameters={"bucketName": "ci-cache"} if step.startswith("s3") else None)  # fmt: skip

    def _cdk_day(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        for _ in range(rng.randrange(1, 5) if _workday(day) else 0):
            now: float = start + 9 * HOUR + rng.randrange(9 * HOUR)
            for step in (
                "cloudformation DescribeStacks",
                "cloudformation GetTemplate",
                "cloudformation CreateChangeSet",
                "cloudformation DescribeChangeSet",
                "cloudformation ExecuteChangeSet",
            ):
                now += rng.random() * 4
                yield self._call(now, self.cdk, step)
            place, _, names = rng.choice(MODULES[: 10 + day // 4]).partition(":")
            for name in names.split():  # CloudFormation calls with the role that it was passed
                now += rng.random() * 5
                identity = role("cdk-cfn-exec", "AWSCloudFormation") | {
                    "invokedBy": "cloudformation.amazonaws.com"
                }
                who = Principal(
                    identity, "cloudformation.amazonaws.com", "cloudformation.amazonaws.com"
                )
                yield self._call(now, who, f"{place} {name}")
                yield self._call(
                    now + 1, self.cdk, "cloudformation DescribeStackEvents"
                )  # fmt: skip

    def _agent_work(self, who: Principal, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        for _ in range(rng.randrange(1, 7) if _workday(day) else 1):
            now = float(start + rng.randrange(DAY - HOUR))
            for place in rng.sample(list(CONSOLE), rng.randrange(1, 6)):
                names = CONSOLE[place].split()
                for name in rng.choices(names, k=rng.randrange(1, 6)):
                    now += rng.random() * 20
                    error = rng.choice(("ValidationException", "ResourceNotFoundException", "AccessDenied")) if rng.random() < 0.08 else None  # fmt: skip
                    yield self._call(now, who, f"{place} {name}", error=error)
            if rng.random() < 0.15:
                yield self._call(now + 9, who, rng.choice(PLAIN_WRITES[:14]))

    # -- machines --------------------------------------------------------------------------------

    def _nodes(self, start: int) -> Iterator[Record]:
        rng = self.rng
        for minute in range(0, 1440, 12):
            moment = start + minute * MINUTE
            for what in (
                "ec2 DescribeInstances",
                "ec2 DescribeInstanceTypes",
                "sqs ReceiveMessage",
                "ec2 DescribeLaunchTemplates",
            ):
                yield self._call(moment + rng.random() * 9, self.karpenter, what)
            busy = 0.3 if 8 <= minute // 60 <= 18 else 0.06
            if rng.random() < busy:
                for number in range(rng.randrange(1, 9)):
                    error = (
                        "Client.InsufficientInstanceCapacity"
                        if rng.random() < 0.1
                        else "Client.RequestLimitExceeded"
                        if rng.random() < 0.05
                        else None
                    )
                    for what in (
                        "ec2 CreateLaunchTemplate",
                        "ec2 CreateFleet",
                        "ec2 CreateTags",
                        "ec2 TerminateInstances",
                        "ec2 DeleteLaunchTemplate",
                    ):
                        yield self._call(moment + 20 + number * 3, self.karpenter, what, error=error if what == "ec2 CreateFleet" else None)  # fmt: skip

    def _backups(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        now: float = start + HOUR + rng.randrange(600)
        for name in ("DescribeVolumes", "DescribeTags"):
            yield self._call(now, self.backup, f"ec2 {name}")
        for number in range(rng.randrange(20, 30)):
            yield self._call(now + 10 + number, self.backup, "ec2 CreateSnapshot")
            yield self._call(now + 900 + number, self.backup, "ec2 DeleteSnapshot")
        for number in range(3):
            yield self._call(now + 2000 + number * 40, self.backup, "rds CreateDBSnapshot")
            yield self._call(now + 4000 + number * 40, self.backup, "rds CopyDBSnapshot", region="eu-central-1")  # fmt: skip
        if day % 7 == 6:  # weekly: shared with the account that keeps backups, and old ones go
            for number in range(8):
                shared = {
                    "snapshotId": f"snap-{day}-{number}",
                    "createVolumePermission": {"add": {"items": [{"userId": BACKUP_ACCOUNT}]}},
                }
                yield self._call(now + 5000 + number, self.backup, "ec2 ModifySnapshotAttribute", parameters=shared)  # fmt: skip
            for number in range(rng.randrange(60, 120)):
                yield self._call(now + 6000 + number, self.backup, "ec2 DeleteSnapshot")

    def _pod_day(self, who: Principal, start: int) -> Iterator[Record]:
        rng = self.rng
        name = str(who.identity["arn"]).split("/")[1]
        work = random.Random(name).sample(WORK, 5)
        pods = [f"eks-shop-{rng.getrandbits(40):010x}" for _ in range(rng.randrange(2, 6))]
        for pod in pods:
            own = Principal(
                role(name, pod),
                f"10.8.{rng.randrange(32)}.{rng.randrange(2, 250)}",
                who.agent,
                secrets=who.secrets,
            )
            for secret in own.secrets:
                yield self._call(start + rng.randrange(DAY), own, "secretsmanager GetSecretValue", parameters={"secretId": secret})  # fmt: skip
            for _ in range(int(rng.randrange(40, 120) * self.scale)):
                hour = min(23.9, max(0.0, rng.gauss(14, 4)))
                what = rng.choice(work)
                error = (
                    "ConditionalCheckFailedException"
                    if what.endswith("PutItem") and rng.random() < 0.04
                    else None
                )
                yield self._call(
                    start + hour * HOUR, own, what, error=error,
                    parameters={"bucketName": f"{name}-files"} if what.startswith("s3") else None,
                )  # fmt: skip

    def _function_day(self, name: str, start: int) -> Iterator[Record]:
        rng = self.rng
        work = random.Random(name).sample(WORK, 3)
        for _ in range(rng.randrange(3, 12)):  # each container has an address of AWS's
            address = f"{rng.choice((3, 18, 34, 52, 54))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            who = Principal(
                role(f"{name}-role", name),
                address,
                LAMBDA.format(minor=42),
            )
            now: float = start + rng.randrange(DAY)
            for what in rng.choices(work, k=rng.randrange(3, 20)):
                now += rng.random() * 60
                yield self._call(now, who, what, parameters={"bucketName": name} if what.startswith("s3") else None)  # fmt: skip

    def _new_service(self, day: int, start: int) -> Iterator[Record]:
        """Somebody has a service made; from then on it works like the others."""
        rng = self.rng
        if day % 5 != 4:
            return
        number = 10 + day
        now: float = start + 10 * HOUR + rng.randrange(3 * HOUR)
        who = Principal(role("tf-apply", f"pr-{900 + day}"), self.iac.address, self.iac.agent)
        for what in (
            "iam CreateRole", "iam CreatePolicy", "iam AttachRolePolicy", "sqs CreateQueue", "sqs SetQueueAttributes",
            "dynamodb CreateTable", "logs CreateLogGroup", "logs PutRetentionPolicy", "ecr CreateRepository",
            "secretsmanager CreateSecret", "secretsmanager PutSecretValue", "elasticloadbalancing CreateTargetGroup",
            "elasticloadbalancing CreateRule", "monitoring PutMetricAlarm",
        ):  # fmt: skip
            now += rng.random() * 5
            parameters = {"roleName": f"svc-{number}", "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/svc-{number}"} if "RolePolicy" in what else None  # fmt: skip
            yield self._call(now, who, what, parameters=parameters)
        self.later.append(self._pods(number))
        for what in POSTURE:
            now += rng.random() * 30
            yield self._call(now, self.people[rng.randrange(2, 7)], what)
