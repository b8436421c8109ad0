"""Trains the dictionary that a trail's facets are compressed with: `make dictionary`.

The calls are made up: of the services used most every operation, of the others one in thirty, as
several clients of AWS would send them, with answers that fit the models. Nothing recorded goes into
it. A dictionary is never changed once it was released: a new one gets the next number.
"""

from __future__ import annotations

import asyncio
import random
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import zstandard

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from apitrail.exchange import Body, Exchange, Response
from apitrail.trail import frames
from apitrail.trail.rows import Draft
from aws.answers import Results, write
from aws.generator import Generator
from aws.wire import Wire
from benchmarks.describe import exchanges, recorder

SIZE = 1 << 16
USUAL = (
    "dynamodb", "s3", "sqs", "sns", "sts", "iam", "ec2", "lambda", "kms", "ssm", "secretsmanager",
    "cloudformation", "logs", "cloudwatch", "ecr", "ecs", "eks", "rds", "route53", "events",
    "stepfunctions", "kinesis", "apigateway", "elbv2", "autoscaling", "cloudfront", "acm",
    "bedrock-runtime", "cloudtrail", "organizations", "athena", "glue",
)  # fmt: skip
EACH = 30
TURNS = 6

CLIENTS = (
    "Boto3/1.42.{0} md/Botocore#1.42.{0} ua/2.1 os/linux#6.8.0-{1}-generic md/arch#x86_64 lang/python#3.13.{2} md/pyimpl#CPython m/Z,b,e,n,D cfg/retry-mode#legacy Botocore/1.42.{0}",
    "Boto3/1.41.{0} md/Botocore#1.41.{0} ua/2.1 os/macos#24.6.0 md/arch#arm64 lang/python#3.12.{2} md/pyimpl#CPython m/D,Z,b cfg/retry-mode#standard Botocore/1.41.{0} Resource",
    "aws-cli/2.31.{0} md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-{1}-aws md/arch#x86_64 lang/python#3.13.{2} md/pyimpl#CPython m/E,b,Z,C cfg/retry-mode#standard md/installer#exe md/distrib#ubuntu.24 md/prompt#off md/command#{3}",
    "aws-sdk-js/3.9{0}.0 ua/2.1 os/linux#6.8.0-{1}-generic lang/js md/nodejs#22.17.{2} api/{4}#3.9{0}.0 m/E,n",
    "aws-sdk-go-v2/1.39.{2} ua/2.1 os/linux lang/go#1.25.{2} md/GOOS#linux md/GOARCH#amd64 api/{4}#1.5{2}.0 m/E,g",
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.{2} (+https://www.terraform.io) terraform-provider-aws/6.{0}.0 aws-sdk-go-v2/1.39.{2} ua/2.1 os/linux lang/go#1.25.{2} md/GOOS#linux md/GOARCH#amd64 api/{4}#1.5{2}.0 m/e",
    "aws-sdk-java/2.35.{0} md/io#sync md/http#Apache ua/2.1 api/{4}#2.35.x os/Linux#6.8.0-{1}-generic lang/java#21.0.{2} md/OpenJDK_64-Bit_Server_VM#21.0.{2} md/vendor#Eclipse_Adoptium md/en_US m/D,N",
)  # fmt: skip
"""User agents: SDK version, kernel, patch version, the CLI's command, the service."""

REGIONS = ("us-east-1", "eu-west-1", "eu-central-1", "us-west-2", "ap-southeast-2")


class Kept:
    """A trail that keeps the facets it is given."""

    size = 0

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def begin(self, *_: Any) -> None:
        """Take an intent."""

    async def append(self, draft: Draft, *_: Any) -> int:
        """Take an entry."""
        self.contents += draft.facets.values()
        return 0

    settle = append

    async def withdraw(self, *_: Any) -> None:
        """Take an intent back."""


def agent(dice: random.Random, service: str, operation: str) -> str:
    """One client's user agent."""
    return dice.choice(CLIENTS).format(
        dice.randrange(10, 99), dice.randrange(20, 90), dice.randrange(1, 9),
        f"{service}.{operation}", service,
    )  # fmt: skip


def varied(made: Exchange, dice: random.Random) -> Exchange:
    """The same call by some client, at some time, to AWS or to a stand-in on this machine."""
    local = dice.random() < 0.25
    service = made.request.host.partition(".")[0]
    told = agent(dice, service, "operation")
    headers = [
        (name, told if name.lower() == "user-agent" else value)
        for name, value in made.request.headers
    ]
    host = f"127.0.0.1:{dice.choice((4566, 5000, dice.randrange(30000, 60000)))}"
    request = replace(
        made.request,
        headers=(*headers, ("amz-sdk-request", "attempt=1")),
        scheme="http" if local else "https",
        host=host if local else made.request.host,
    )
    started = 1_790_000_000_000 + dice.randrange(10**10)
    return replace(
        made,
        id=str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        started=started,
        ended=started + dice.randrange(3, 900),
        client="127.0.0.1",
        request=request,
        upstream=f"http://{host}" if local else f"https://{made.request.host}",
    )


def modelled(dice: random.Random) -> Iterator[Exchange]:
    """Calls by botocore's models."""
    wire = Wire()
    for service in wire.session.get_available_services():
        client = wire.client(service, dice.choice(REGIONS))
        model = client.meta.service_model
        names = model.operation_names
        chosen = names if service in USUAL else names[dice.randrange(EACH) :: EACH]
        for name in chosen:
            operation = model.operation_model(name)
            seed = f"{service} {name}"
            try:
                parameters = Generator(seed).parameters(operation, everything=False)
                request = wire.send(client, name, parameters).request
                answer = answered(operation, model.resolved_protocol, seed)
            except Exception as error:  # noqa: BLE001 - what cannot be made teaches nothing
                sys.stderr.write(f"{seed}: {error!r}\n"[:100])
                continue
            yield Exchange(
                id="", started=0, ended=0, client="", request=request, response=answer, upstream=""
            )


def answered(operation: Any, protocol: str, seed: str) -> Response:
    """A success."""
    if operation.output_shape is None:
        return Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(b""))
    value = Results(seed, protocol).output(operation.output_shape)
    written = write(operation, protocol, value, random.Random(seed))
    return Response(
        status=written.status,
        http_version="HTTP/1.1",
        headers=(*written.headers, ("Date", "Fri, 27 Nov 2026 03:00:00 GMT"), ("Content-Length", str(len(written.body)))),
        body=Body.of(written.body),
    )  # fmt: skip


async def described(calls: list[Exchange]) -> list[bytes]:
    """The facets that a recorder makes of the calls."""
    made, kept = recorder(), Kept()
    made.trail = kept
    for call in calls:
        asked = replace(call, response=None, ended=None)
        await made.finish(await made.begin(asked), call)
    return kept.contents


def main() -> None:
    """Write the dictionary that new facets are compressed with."""
    dice = random.Random(1)
    usual = exchanges(Path(__file__).parents[1] / "tests")
    calls = [varied(call, dice) for call in modelled(dice)]
    calls += [
        varied(call, dice) for _ in range(TURNS * len(calls) // (10 * len(usual))) for call in usual
    ]
    dice.shuffle(calls)
    contents: list[bytes | bytearray | memoryview[int]] = [
        each for each in asyncio.run(described(calls)) if len(each) < 1 << 14
    ]
    made = zstandard.train_dictionary(SIZE, contents, level=3, dict_id=frames.NEWEST)
    path = frames.path(frames.NEWEST)
    path.write_bytes(made.as_bytes())
    sys.stdout.write(f"{path.name}: {len(path.read_bytes())} bytes of {len(contents)} facets\n")


if __name__ == "__main__":
    main()
