"""S3's many host names: the bucket, access point or Express bucket that stands in front."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apitrail.aws.arn import Arn
from apitrail.aws.find import host
from apitrail.remembered import remembered

_TAIL = r"(?:\.dualstack)?(?:[.-](?P<region>[a-z]{2,4}-[a-z0-9-]+-\d+))?"

# "Methods for accessing a general purpose bucket", botocore's S3 endpoint ruleset, and the VPC
# endpoint names of AWS PrivateLink for Amazon S3; tried in order on the name without suffix.
_FORMS = (
    (
        "accesspoint",
        re.compile(rf"(?P<name>.+)-(?P<account>\d{{12}})\.s3-accesspoint(?:-fips)?{_TAIL}"),
    ),
    (
        "object-lambda",
        re.compile(rf"(?P<name>.+)-(?P<account>\d{{12}})\.s3-object-lambda(?:-fips)?{_TAIL}"),
    ),
    (
        "outposts",
        re.compile(
            rf"(?P<name>.+)-(?P<account>\d{{12}})\.(?P<outpost>op-\w+)\.s3-outposts(?:-fips)?{_TAIL}"
        ),
    ),
    ("bucket", re.compile(rf"(?P<name>.+)\.(?:ec2|op-\w+)\.s3-outposts(?:-fips)?{_TAIL}")),
    ("bucket", re.compile(r"(?P<name>.+\.mrap)\.accesspoint\.s3-global")),
    (
        "accesspoint",
        re.compile(
            rf"(?P<name>.+)-(?P<account>\d{{12}})\.accesspoint\.vpce-[\w-]+\.s3{_TAIL}\.vpce"
        ),
    ),
    (
        "bucket",
        re.compile(
            rf"(?:(?P<name>.+)\.)?(?:bucket|accesspoint|control)\.vpce-[\w-]+\.s3{_TAIL}\.vpce"
        ),
    ),
    ("none", re.compile(rf"s3express-control(?:-fips)?{_TAIL}")),
    ("bucket", re.compile(rf"(?:(?P<name>.+)\.)?s3express(?:-fips)?-[a-z0-9-]+{_TAIL}")),
    (
        "bucket",
        re.compile(rf"(?:(?P<name>.+)\.)?s3(?:-fips|-accelerate|-external-1|-website)?{_TAIL}"),
    ),
)

# Form -> service and resource of the ARN.
_RESOURCES = {
    "accesspoint": ("s3", "accesspoint/{name}"),
    "object-lambda": ("s3-object-lambda", "accesspoint/{name}"),
    "outposts": ("s3-outposts", "outpost/{outpost}/accesspoint/{name}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What an S3 host name says: the Bucket parameter as users write it, and the region."""

    bucket: str | None
    region: str | None


@remembered(4096)
def address(name: str) -> Address | None:
    """Take an S3 host name apart; None where it is not one."""
    plain = host.bare(name)
    rest = host.stem(plain)
    if rest is None:
        # `bucket.localhost:4566`, as SDKs make it from AWS_ENDPOINT_URL.
        front = plain.removesuffix(".localhost")
        return None if front == plain else Address(bucket=front, region=None)
    for kind, regex in _FORMS:
        match = regex.fullmatch(rest)
        if match:
            return _address(kind, match.groupdict(), host.parse(name))
    return None


@remembered(4096)
def custom_bucket(name: str) -> str | None:
    """The bucket that a host outside AWS stands for, if it is a CNAME of S3's.

    "Virtual hosting of general purpose buckets": such a bucket bears the name of the host.
    """
    plain = host.bare(name)
    if "." not in plain or host.stem(plain) is not None or plain.endswith(".localhost"):
        return None
    return None if plain.replace(".", "").isdigit() else plain


def _address(kind: str, found: dict[str, str | None], parsed: host.Host) -> Address:
    region = found.get("region") or parsed.region
    if kind not in _RESOURCES:
        return Address(bucket=found.get("name"), region=region)
    service, resource = _RESOURCES[kind]
    arn = Arn(
        partition=parsed.partition or "aws",
        service=service,
        region=region or "",
        account=found["account"] or "",
        resource=resource.format(**found),
    )
    return Address(bucket=str(arn), region=region)
