"""Thirty days of an account's usual traffic, as CloudTrail records, from seeded models of its clients.

Each client is a generator of calls on a fake clock: people in the console, infrastructure as code,
builds, agents, cron, applications, and AWS's own services. They do what such clients do that is
awkward for a detector: they travel, get a new laptop, deploy something new, are throttled, join and
leave.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from benchmarks.called import (
    ADMIN_WRITES,
    CONSOLE,
    DATA,
    MODULES,
    PLAIN_WRITES,
    READS,
    SCANNED,
    TEARDOWN,
)

ACCOUNT = "123456789012"
START = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp())  # a Monday
DAY, HOUR, MINUTE = 86400, 3600, 60
REGIONS = ("eu-west-1", "us-east-1")
AWS = "AWS Internal"

BROWSER = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:127.0) Gecko/20100101 Firefox/127.0",
)
CLI = "aws-cli/2.{minor}.0 md/awscrt#1.0 ua/2.1 os/linux md/arch#x86_64 lang/python#3.12"
BOTO = (
    "Boto3/1.34.{minor} md/Botocore#1.34 ua/2.1 os/linux lang/python#3.12 cfg/retry-mode#standard"
)
GO = "aws-sdk-go-v2/1.{minor}.0 os/linux lang/go#1.22 md/GOARCH#amd64"
TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.{minor}.0 terraform-provider-aws/5.50 aws-sdk-go-v2/1.27"
)
JAVA = "aws-sdk-java/2.25.{minor} Linux/5.10 OpenJDK_64-Bit_Server_VM/17"


@dataclass
class Principal:
    """Who calls: a userIdentity, and from where with what as a rule."""

    identity: dict[str, object]
    address: str
    agent: str
    region: str = REGIONS[0]
    secrets: list[str] = field(default_factory=list)


type Record = dict[str, Any]


def record(
    rng: random.Random, when: float, who: Principal, service: str, name: str, *, parameters: object = None,
    error: str | None = None, address: str | None = None, agent: str | None = None, region: str | None = None,
    answer: object = None, **more: object,
) -> Record:  # fmt: skip
    """One record of CloudTrail's."""
    data = name in DATA
    return {
        "eventVersion": "1.11",
        "userIdentity": who.identity,
        "eventTime": datetime.fromtimestamp(int(when), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1"
        if service in {"iam", "route53", "cloudfront", "ce"}
        else region or who.region,
        "sourceIPAddress": address or who.address,
        "userAgent": agent or who.agent,
        **({"errorCode": error, "errorMessage": "refused"} if error else {}),
        "requestParameters": parameters,
        "responseElements": answer,
        "eventID": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "readOnly": name.startswith(READS),
        "eventType": "AwsApiCall",
        "managementEvent": not data,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Data" if data else "Management",
        **more,
    }


def role(name: str, session: str, key: str = "") -> dict[str, object]:
    """An assumed role's userIdentity."""
    return {
        "type": "AssumedRole", "principalId": f"AROA{name.upper()}:{session}", "accountId": ACCOUNT,
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session}",
        "accessKeyId": key or f"ASIA{name.upper()[:8]}{session[-6:]}",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": f"arn:aws:iam::{ACCOUNT}:role/{name}", "userName": name}},
    }  # fmt: skip


def user(name: str) -> dict[str, object]:
    """An IAM user's userIdentity."""
    return {
        "type": "IAMUser", "principalId": f"AIDA{name.upper()}", "accountId": ACCOUNT, "userName": name,
        "arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", "accessKeyId": f"AKIA{name.upper()}",
    }  # fmt: skip


def sso(name: str, permission: str) -> dict[str, object]:
    """Somebody who came through IAM Identity Center."""
    return role(f"AWSReservedSSO_{permission}_0123456789abcdef", f"{name}@example.com")


def service(name: str) -> Principal:
    """AWS itself."""
    return Principal(
        {"type": "AWSService", "invokedBy": f"{name}.amazonaws.com"},
        f"{name}.amazonaws.com",
        f"{name}.amazonaws.com",
    )


def _address(rng: random.Random) -> str:
    return f"{rng.randrange(11, 200)}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def _workday(day: int) -> bool:
    return day % 7 < 5


class Account:
    """The clients of one account; everything follows from the seed."""

    def __init__(self, seed: int, days: int = 30, scale: float = 1.0) -> None:
        self.rng = random.Random(seed)
        self.days, self.scale = days, scale
        rng = self.rng
        self.office = f"{rng.randrange(80, 95)}.{rng.randrange(256)}.{rng.randrange(256)}."
        self.people = [self._person(number) for number in range(9)]
        self.iac = Principal(
            role("terraform-apply", "tfc-1"), "34.120.7.9", TERRAFORM.format(minor=7)
        )
        self.ci = Principal(
            role("github-deploy", "GitHubActions"), "20.1.1.1", CLI.format(minor=15)
        )
        self.agents = [
            Principal(user("ops-agent"), "52.16.4.4", BOTO.format(minor=100)),
            Principal(role("claims-agent", "agent"), "10.20.0.7", BOTO.format(minor=110)),
        ]
        self.backup = Principal(
            role("nightly-backup", "backup"), "10.0.3.12", BOTO.format(minor=90)
        )
        self.rotation = Principal(
            role("secret-rotation", "rotate"), "10.0.3.44", BOTO.format(minor=90)
        )
        self.report = Principal(user("cost-report"), "52.31.7.7", BOTO.format(minor=60))
        self.scaler = Principal(role("cluster-autoscaler", "eks"), "10.0.9.9", GO.format(minor=20))
        self.monitor = Principal(
            role("DatadogIntegration", "DatadogAWSIntegration"), "3.90.1.4", GO.format(minor=24)
        )
        self.apps = [self._app(number) for number in range(6)]
        self.late = self._app(7)
        self.scanner = Principal(role("posture-scanner", "scan"), "44.201.9.9", GO.format(minor=22))
        self.worker = Principal(
            role("queue-worker", "i-0def5678"), "54.12.7.9", BOTO.format(minor=70)
        )
        self.lake = Principal(role("lake-loader", "glue"), "10.0.5.9", JAVA.format(minor=11))

    def _person(self, number: int) -> Principal:
        rng = self.rng
        names = ("ada", "ben", "cleo", "dan", "eva", "finn", "gita", "hal", "ines")
        permission = "Admin" if number < 2 else "Developer" if number < 7 else "ReadOnly"
        found = Principal(
            sso(names[number], permission),
            f"{self.office}{rng.randrange(1, 255)}",
            rng.choice(BROWSER),
        )
        found.region = rng.choice(REGIONS[:1] * 4 + REGIONS[1:])
        return found

    def _app(self, number: int) -> Principal:
        agent = self.rng.choice((BOTO, GO, JAVA)).format(minor=self.rng.randrange(99))
        found = Principal(
            role(f"app-{number}", f"i-0abc{number:04d}"),
            f"10.0.{number}.{self.rng.randrange(2, 250)}",
            agent,
        )
        found.secrets = [f"prod/app-{number}/db"]
        return found

    def records(self) -> Iterator[Record]:
        """All records, day by day; within a day in no order."""
        for day in range(self.days):
            yield from self._day(day, START + day * DAY)

    def _day(self, day: int, start: int) -> Iterator[Record]:
        for number, person in enumerate(self.people):
            if number == 8 and day < 12:
                continue  # joins on the twelfth day
            yield from self._person_day(number, person, day, start)
        yield from self._iac_day(day, start)
        yield from self._ci_day(day, start)
        for agent in self.agents:
            yield from self._agent_day(agent, day, start)
        yield from self._cron_day(day, start)
        for app in self.apps:
            yield from self._app_day(app, start)
        yield from self._services_day(start)
        yield from self._changes(day, start)

    # -- what changes in a month -----------------------------------------------------------------

    def _changes(self, day: int, start: int) -> Iterator[Record]:
        """A new application, a scanner from outside, a model that an application begins to ask, a
        load test, an engineer who plans from a laptop, keys that are rotated."""
        rng = self.rng
        if day >= 14:
            yield from self._app_day(self.late, start)
        if day >= 17:
            for hour in (1, 9, 17):
                for number, name in enumerate(SCANNED):
                    service_name, _, operation = name.partition(":")
                    yield record(
                        rng, start + hour * HOUR + number * 9, self.scanner, service_name, operation
                    )
        if day >= 12:
            for _ in range(rng.randrange(5, 40)):
                yield record(
                    rng,
                    start + rng.randrange(DAY),
                    self.apps[1],
                    "bedrock",
                    "InvokeModel",
                    parameters={"modelId": "m"},
                )
        for _ in range(
            60
        ):  # an instance in a public subnet, which gets another address now and then
            yield record(rng, start + rng.randrange(DAY), self.worker, "sqs", "ReceiveMessage")
        if rng.random() < 0.25:
            self.worker.identity = role("queue-worker", f"i-0def{rng.randrange(10**4):04d}")
            self.worker.address = f"{rng.choice((3, 18, 34, 52, 54))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
        for number in range(rng.randrange(40, 400)):
            yield record(
                rng,
                start + 3 * HOUR + number * 3,
                self.lake,
                "s3",
                "GetObject",
                parameters={"bucketName": f"app-{number % 4}-data"},
            )
        if _workday(day) and rng.random() < 0.3:
            who = Principal(
                self.people[3].identity, self.people[3].address, TERRAFORM.format(minor=6)
            )
            for module in rng.sample(MODULES[:6], 2):
                service_name, _, names = module.partition(":")
                for number, name in enumerate(names.split()):
                    if name.startswith(READS):
                        yield record(rng, start + 11 * HOUR + number, who, service_name, name)
        if day % 10 == 5:
            for number, name in enumerate(
                ("ListAccessKeys", "CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey")
            ):
                yield record(
                    rng,
                    start + 10 * HOUR + number * 90,
                    self.people[0],
                    "iam",
                    name,
                    parameters={"userName": "cost-report"},
                )

    # -- people ------------------------------------------------------------------------------

    def _person_day(self, number: int, who: Principal, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        if rng.random() > (0.9 if _workday(day) else 0.06):
            return
        address = who.address
        dice = rng.random()
        if dice < 0.3:
            address = f"91.{number}.7.{rng.randrange(1, 255)}"  # at home
        elif dice < 0.34:
            address = _address(rng)  # on the way
        if rng.random() < 0.01:
            who.agent = rng.choice(BROWSER)
        favourites = list(CONSOLE)
        random.Random(number).shuffle(favourites)
        now: float = start + 8 * HOUR + rng.randrange(2 * HOUR)
        yield record(
            rng,
            now,
            who,
            "signin",
            "ConsoleLogin",
            address=address,
            region="us-east-1",
            answer={"ConsoleLogin": "Success"},
            additionalEventData={
                "MFAUsed": "No",
                "SamlProviderArn": "arn:aws:iam::1:saml-provider/sso",
            },
        )
        for _ in range(rng.randrange(2, int(14 * self.scale) + 3)):
            now += rng.expovariate(1 / (35 * MINUTE))
            yield from self._visit(who, number, favourites, now, address)

    def _visit(
        self, who: Principal, number: int, favourites: list[str], now: float, address: str
    ) -> Iterator[Record]:
        rng = self.rng
        service_name = favourites[min(int(rng.paretovariate(0.9)) - 1, len(favourites) - 1)]
        operations = CONSOLE[service_name].split()
        cli = number < 6 and rng.random() < 0.15
        agent = CLI.format(minor=13) if cli else None
        region = "us-east-1" if rng.random() < 0.05 else who.region
        if rng.random() < 0.004:
            region = rng.choice(("eu-central-1", "ap-southeast-2"))
        for name in rng.sample(operations, rng.randrange(1, min(10, len(operations)) + 1)):
            now += rng.random() * 2
            error = "AccessDenied" if number > 6 and rng.random() < 0.06 else None
            yield record(
                rng,
                now,
                who,
                service_name,
                name,
                address=address,
                agent=agent,
                region=region,
                error=error,
            )
        writes = PLAIN_WRITES if number < 7 else ()
        if writes and rng.random() < 0.12:
            yield self._write(who, rng.choice(writes[: 8 + number * 3]), now + 30, address, agent)
        if number < 2 and rng.random() < 0.05:
            yield self._write(who, rng.choice(ADMIN_WRITES), now + 60, address, agent)

    def _write(
        self, who: Principal, what: str, now: float, address: str, agent: str | None
    ) -> Record:
        service_name, _, name = what.partition(" ")
        parameters: object = None
        if name == "GetSecretValue":
            parameters = {"secretId": f"prod/app-{self.rng.randrange(6)}/db"}
        elif name == "AuthorizeSecurityGroupIngress":
            parameters = {
                "ipPermissions": {
                    "items": [{"fromPort": 443, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}]
                }
            }
        return record(
            self.rng,
            now,
            who,
            service_name,
            name,
            address=address,
            agent=agent,
            parameters=parameters,
        )

    # -- infrastructure as code, builds, agents --------------------------------------------------

    def _iac_day(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        modules = MODULES[: 9 + day // 2]  # something new every other day
        for _ in range(rng.randrange(6, 14) if _workday(day) else 2):
            now: float = start + 8 * HOUR + rng.randrange(11 * HOUR)
            who = Principal(
                role("terraform-apply", f"tfc-{rng.randrange(10**6)}"),
                f"34.120.{rng.randrange(4)}.{rng.randrange(1, 255)}",
                self.iac.agent,
            )
            for module in rng.sample(modules, rng.randrange(3, 8)):
                service_name, _, names = module.partition(":")
                for name in names.split():
                    for _ in range(
                        rng.randrange(1, 5) if name.startswith(READS) else rng.random() < 0.25
                    ):
                        now += rng.random()
                        error = "ResourceNotFoundException" if rng.random() < 0.01 else None
                        yield record(rng, now, who, service_name, name, error=error)
            if rng.random() < 0.12:
                for what in rng.sample(TEARDOWN, 2):
                    service_name, _, name = what.partition(" ")
                    yield record(rng, now + 5, who, service_name, name)
        if rng.random() < 0.03:
            self.iac.agent = TERRAFORM.format(minor=rng.randrange(8, 12))

    def _ci_day(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        for _ in range(int(rng.randrange(15, 40) * self.scale) if _workday(day) else 3):
            now: float = start + 7 * HOUR + rng.randrange(14 * HOUR)
            address = f"20.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"
            web = Principal(
                {
                    "type": "WebIdentityUser",
                    "principalId": "token.actions.githubusercontent.com",
                    "userName": f"repo:example/shop:ref:refs/heads/{rng.choice(('main', 'fix', 'next'))}",
                },
                address,
                "aws-sdk-js/3.500 GitHubActions",
            )
            yield record(
                rng,
                now,
                web,
                "sts",
                "AssumeRoleWithWebIdentity",
                parameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/github-deploy"},
            )
            who = Principal(
                role("github-deploy", "GitHubActions", key=f"ASIACI{rng.randrange(10**10)}"),
                address,
                self.ci.agent,
            )
            steps = "ecr GetAuthorizationToken,sts GetCallerIdentity,ecr BatchCheckLayerAvailability,ecr InitiateLayerUpload,ecr PutImage"
            if rng.random() < 0.4:
                steps += ",ecs DescribeServices,ecs RegisterTaskDefinition,ecs UpdateService,ecs DescribeServices,ecs DescribeServices"
            if rng.random() < 0.2:
                steps += (
                    ",lambda UpdateFunctionCode20150331v2,lambda GetFunctionConfiguration20150331v2"
                )
            if rng.random() < 0.2:
                steps += ",s3 PutObject" * rng.randrange(5, 40) + ",cloudfront CreateInvalidation"
            if day > 15 and rng.random() < 0.1:
                steps += ",codedeploy CreateDeployment,codedeploy GetDeployment"
            for step in steps.split(","):
                now += rng.random() * 5
                service_name, _, name = step.partition(" ")
                yield record(
                    rng,
                    now,
                    who,
                    service_name,
                    name,
                    parameters={"bucketName": "shop-assets"} if service_name == "s3" else None,
                )

    def _agent_day(self, who: Principal, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        for _ in range(rng.randrange(2, 9) if _workday(day) else 1):
            now: float = start + rng.randrange(DAY - HOUR)
            for service_name in rng.sample(list(CONSOLE), rng.randrange(1, 5)):
                for name in rng.sample(CONSOLE[service_name].split(), rng.randrange(1, 3)):
                    now += rng.random() * 12
                    error = "ValidationException" if rng.random() < 0.05 else None
                    yield record(rng, now, who, service_name, name, error=error)
            if rng.random() < 0.2:
                yield self._write(
                    who, rng.choice(PLAIN_WRITES[:16]), now + 9, who.address, who.agent
                )

    # -- machines --------------------------------------------------------------------------------

    def _cron_day(self, day: int, start: int) -> Iterator[Record]:
        rng = self.rng
        now: float = start + 2 * HOUR + rng.randrange(300)
        for name in ("DescribeVolumes", "DescribeInstances"):
            yield record(rng, now, self.backup, "ec2", name)
        for name in ("CreateSnapshot", "DeleteSnapshot"):
            for number in range(rng.randrange(12, 18)):
                yield record(rng, now + 20 + number * 2, self.backup, "ec2", name)
        for number in range(6):
            for name in (
                "DescribeSecret",
                "GetSecretValue",
                "PutSecretValue",
                "UpdateSecretVersionStage",
            ):
                yield record(
                    rng,
                    start + 4 * HOUR + number * 60,
                    self.rotation,
                    "secretsmanager",
                    name,
                    parameters={"secretId": f"prod/app-{number}/db"},
                )
        for hour in range(24):
            yield record(rng, start + hour * HOUR + 120, self.report, "ce", "GetCostAndUsage")
            if day < 18:
                yield record(
                    rng,
                    start + hour * HOUR + 125,
                    self.report,
                    "s3",
                    "PutObject",
                    parameters={"bucketName": "reports"},
                )
        for minute in range(0, 1440, 10):
            moment = start + minute * MINUTE
            yield record(rng, moment + 3, self.scaler, "autoscaling", "DescribeAutoScalingGroups")
            yield record(rng, moment + 4, self.scaler, "ec2", "DescribeLaunchTemplateVersions")
            if rng.random() < 0.03:
                yield record(rng, moment + 5, self.scaler, "autoscaling", "SetDesiredCapacity")
            if minute % 30 == 0:
                for name in (
                    "ec2 DescribeInstances",
                    "rds DescribeDBInstances",
                    "elasticloadbalancing DescribeLoadBalancers",
                    "sqs ListQueues",
                    "lambda ListFunctions20150331",
                    "dynamodb ListTables",
                    "tagging GetResources",
                ):
                    service_name, _, operation = name.partition(" ")
                    yield record(
                        rng, moment + rng.random() * 60, self.monitor, service_name, operation
                    )
        if rng.random() < 0.08:  # throttled for a while
            moment = start + rng.randrange(DAY)
            for number in range(rng.randrange(20, 90)):
                yield record(
                    rng,
                    moment + number * 2,
                    self.scaler,
                    "autoscaling",
                    "DescribeAutoScalingGroups",
                    error="ThrottlingException",
                )

    def _app_day(self, who: Principal, start: int) -> Iterator[Record]:
        rng = self.rng
        name = str(who.identity["arn"]).split("/")[1]
        busy = int(rng.randrange(200, 420) * self.scale)
        if rng.random() < 0.15:  # deployed anew: another address and session
            who.address = f"10.0.{rng.randrange(12)}.{rng.randrange(2, 250)}"
            who.identity = role(name, f"i-0abc{rng.randrange(10**4):04d}")
        for secret in who.secrets:
            for at in range(0, 24, 6):
                yield record(
                    rng,
                    start + at * HOUR + rng.randrange(HOUR),
                    who,
                    "secretsmanager",
                    "GetSecretValue",
                    parameters={"secretId": secret},
                )
        for _ in range(busy):
            hour = min(23.9, max(0.0, rng.gauss(13, 4)))
            operation = rng.choice(
                (
                    "dynamodb GetItem",
                    "dynamodb Query",
                    "dynamodb PutItem",
                    "s3 GetObject",
                    "sqs SendMessage",
                    "kms Decrypt",
                )
            )
            service_name, _, call = operation.partition(" ")
            error = (
                "ConditionalCheckFailedException"
                if call == "PutItem" and rng.random() < 0.03
                else None
            )
            error = "NoSuchKey" if call == "GetObject" and rng.random() < 0.02 else error
            yield record(
                rng,
                start + hour * HOUR,
                who,
                service_name,
                call,
                error=error,
                parameters={"bucketName": f"{name}-data"} if service_name == "s3" else None,
            )

    def _services_day(self, start: int) -> Iterator[Record]:
        rng = self.rng
        for name in ("ec2", "lambda", "ecs-tasks", "config"):
            for _ in range(40):
                yield record(
                    rng,
                    start + rng.randrange(DAY),
                    service(name),
                    "sts",
                    "AssumeRole",
                    parameters={"roleArn": f"arn:aws:iam::{ACCOUNT}:role/app-{rng.randrange(6)}"},
                )
