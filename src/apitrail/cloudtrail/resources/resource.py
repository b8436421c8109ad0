"""One resource that a call touched, and how an ARN or a place makes one.

It does not know calls.
"""

from __future__ import annotations

import re

from apitrail.aws.arn import Arn
from apitrail.cloudtrail.resources.types import BARE, type_name
from apitrail.remembered import remembered
from apitrail.valueclass import valueclass

_SEPARATOR = re.compile("[/:]")
# Route 53 writes its ids with their kind in front: `/hostedzone/Z1`.
_ROUTE53_KIND = re.compile(r"^/[a-z]+/")


@valueclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource; `arn` is None where account or region are not known.

    `type` is CloudFormation's name, `name` LookupEvents' resource name; `account` owns it.
    """

    arn: str | None
    type: str | None
    name: str
    account: str | None = None


@valueclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a call was made, for the ARNs of what it only names; None is "not known"."""

    partition: str
    region: str | None
    account: str | None

    def arn(self, service: str, resource: str, *, owned: bool = True) -> str | None:
        """A regional ARN, or None where region or (for an owned one) account are unknown."""
        if self.region is None or (owned and self.account is None):
            return None
        return str(
            Arn(
                partition=self.partition,
                service=service,
                region=self.region,
                account=(self.account or "") if owned else "",
                resource=resource,
            )
        )

    def s3(self, resource: str) -> str:
        """The ARN of a bucket or an object, which has neither region nor account."""
        return str(Arn(partition=self.partition, service="s3", resource=resource))


def described(arn: Arn) -> Resource:
    """The resource that an ARN names."""
    kind, name = _kind_and_name(arn)
    return Resource(arn=str(arn), type=kind, name=name, account=arn.owner)


def plain_name(service: str | None, text: str) -> str:
    """A name as all calls of a service are found by it."""
    return _ROUTE53_KIND.sub("", text) if service == "route53" else text


@remembered(4096)
def spelled(text: str) -> Resource | None:
    """The resource of an ARN's text; None where the text is no ARN."""
    arn = Arn.parse(text)
    return None if arn is None else described(arn)


def _kind_and_name(arn: Arn) -> tuple[str | None, str]:
    if arn.service == "s3" and not arn.account:
        return ("AWS::S3::Object" if "/" in arn.resource else "AWS::S3::Bucket"), arn.resource
    if arn.service in BARE:
        return BARE[arn.service], arn.resource
    if arn.resource == "root" and arn.service == "iam":
        return "AWS::IAM::Root", arn.account
    head, separator, rest = _split(arn.resource.removeprefix("/"))
    if arn.service == "wafv2":
        head, separator, rest = _split(rest)  # the scope comes first
    if not separator:
        return None, arn.resource
    if arn.service == "logs" and ":log-stream:" in rest:
        return "AWS::Logs::LogStream", rest.replace(":log-stream:", ":", 1)
    return type_name(arn.service, head), _name(arn, head, rest)


def _name(arn: Arn, kind: str, rest: str) -> str:
    """What the service itself calls it: without path, qualifier or index."""
    match arn.service, kind:
        case "iam", _:
            return rest.rpartition("/")[2]
        case "kms", "alias":
            return arn.resource
        case "lambda", "function":
            return rest.partition(":")[0]
        case "dynamodb", "table":
            return rest.partition("/")[0]
    return rest.removesuffix(":*")


def _split(resource: str) -> tuple[str, str, str]:
    """At the first slash or colon."""
    found = _SEPARATOR.search(resource)
    if found is None:
        return resource, "", ""
    return resource[: found.start()], found[0], resource[found.end() :]
