"""The names of AWS endpoints: partitions, regions, and what is left when they are taken off.

It starts without botocore, because every connection is judged by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from apitrail.remembered import remembered

# botocore data/partitions.json: dnsSuffix and dualStackDnsSuffix of each, longest first, with
# the partition; gov shares aws's names and is told by its regions. `on.aws` serves a few APIs.
SUFFIXES = {
    "api.amazonwebservices.com.cn": "aws-cn",
    "api.amazonwebservices.eu": "aws-eusc",
    "api.aws.hci.ic.gov": "aws-iso-f",
    "api.cloud-aws.adc-e.uk": "aws-iso-e",
    "amazonaws.com.cn": "aws-cn",
    "api.aws.ic.gov": "aws-iso",
    "cloud.adc-e.uk": "aws-iso-e",
    "csp.hci.ic.gov": "aws-iso-f",
    "api.aws.scloud": "aws-iso-b",
    "sc2s.sgov.gov": "aws-iso-b",
    "amazonaws.com": "aws",
    "amazonaws.eu": "aws-eusc",
    "c2s.ic.gov": "aws-iso",
    "api.aws": "aws",
    "on.aws": "aws",
}

# The consoles' domains, where only sign-in is an API (botocore's signin ruleset).
CONSOLES = {
    "csphome.hci.ic.gov": "aws-iso-f",
    "amazonaws-us-gov.com": "aws-us-gov",
    "amazonaws-eusc.eu": "aws-eusc",
    "sc2shome.sgov.gov": "aws-iso-b",
    "csphome.adc-e.uk": "aws-iso-e",
    "aws.amazon.com": "aws",
    "c2shome.ic.gov": "aws-iso",
    "amazonaws.cn": "aws-cn",
    "signin.aws": "aws",
}
_PARTITIONS = SUFFIXES | CONSOLES
_SIGN_IN = frozenset({"signin", "signin-fips", "oauth"})

# botocore data/partitions.json: regionRegex of each partition.
REGIONS = (
    (re.compile(r"us-gov-\w+-\d+"), "aws-us-gov"),
    (re.compile(r"cn-\w+-\d+"), "aws-cn"),
    (re.compile(r"eusc-\w+-\w+-\d+"), "aws-eusc"),
    (re.compile(r"us-iso-\w+-\d+"), "aws-iso"),
    (re.compile(r"us-isob-\w+-\d+"), "aws-iso-b"),
    (re.compile(r"eu-isoe-\w+-\d+"), "aws-iso-e"),
    (re.compile(r"us-isof-\w+-\d+"), "aws-iso-f"),
    (re.compile(r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+"), "aws"),
)

# botocore data/partitions.json: implicitGlobalRegion, what a name without a region stands for.
GLOBAL_REGIONS = {
    "aws": "us-east-1",
    "aws-cn": "cn-northwest-1",
    "aws-us-gov": "us-gov-west-1",
    "aws-eusc": "eusc-de-east-1",
    "aws-iso": "us-iso-east-1",
    "aws-iso-b": "us-isob-east-1",
    "aws-iso-e": "eu-isoe-west-1",
    "aws-iso-f": "us-isof-south-1",
}

# Labels that say how a service is reached, not which service it is.
_NEUTRAL = frozenset({"dualstack", "global", "us-gov", "fips", "aws-global"})

# LocalStack's own name for itself resolves to the local machine.
_LOCALSTACK = ".localhost.localstack.cloud"

# Names below the suffixes that are resources of customers, not APIs (EC2, ELB, RDS and EKS
# naming); a cluster's own CA would not survive being looked into.
_NOT_API = re.compile(
    r"(^|\.)(compute(-1)?|elb|[a-z0-9-]+\.rds|cache)(\.[a-z0-9-]+)?$|"
    r"\.(efs|fsx)(\.[a-z0-9-]+)?$|"
    r"\.[a-z0-9-]+\.(elb|rds|es|cache|redshift|eks)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host name taken apart.

    `labels` are what remains of the name, region, suffix and neutral labels taken off, in
    order; None `partition` means that it is not an AWS name.
    """

    name: str
    labels: tuple[str, ...]
    partition: str | None = None
    region: str | None = None
    local: bool = False


def partition_of(region: str) -> str:
    """The partition that a region belongs to; "aws" where none claims it."""
    return next((name for regex, name in REGIONS if regex.fullmatch(region)), "aws")


def is_region(label: str) -> bool:
    """Does this look like a region of any partition?"""
    return any(regex.fullmatch(label) for regex, _ in REGIONS)


def bare(name: str) -> str:
    """A host header without port, trailing dot and capitals."""
    if name.startswith("["):
        return name.partition("]")[0][1:].lower()
    return name.partition(":")[0].rstrip(".").lower()


@remembered(4096)
def is_aws(name: str) -> bool:
    """Is this the name of an AWS API endpoint, in whatever partition or spelling?"""
    plain = bare(name)
    suffix = _suffix(plain)
    if suffix is None:
        return False
    rest = plain[: -len(suffix) - 1]
    if suffix in CONSOLES:
        return not _SIGN_IN.isdisjoint(rest.split("."))
    return not _NOT_API.search(rest)


def is_console(plain: str) -> bool:
    """Is this bare name below a domain of the consoles?"""
    return _suffix(plain) in CONSOLES


def _suffix(plain: str) -> str | None:
    return next((s for s in _PARTITIONS if plain.endswith("." + s)), None)


@remembered(4096)
def parse(name: str) -> Host:
    """Take a host header apart; pure and total."""
    plain = bare(name)
    suffix = _suffix(plain)
    if suffix is not None:
        return _aws(plain, plain[: -len(suffix) - 1], suffix)
    if plain.endswith(_LOCALSTACK):
        return _local(plain, plain[: -len(_LOCALSTACK)])
    return Host(name=plain, labels=tuple(plain.split(".")))


def _aws(plain: str, rest: str, suffix: str) -> Host:
    labels = rest.split(".")
    region = next((label for label in reversed(labels) if is_region(label)), None)
    region = region or next((r for label in labels if (r := _hyphened_region(label))), None)
    partition = _PARTITIONS[suffix]
    if region and partition == "aws":
        partition = partition_of(region)
    return Host(name=plain, labels=_clean(labels), partition=partition, region=region)


def _local(plain: str, rest: str) -> Host:
    labels = rest.split(".")
    region = next((label for label in reversed(labels) if is_region(label)), None)
    return Host(name=plain, labels=_clean(labels), region=region, local=True)


def _hyphened_region(label: str) -> str | None:
    """The region in old names such as `s3-us-west-2` and `s3-fips-us-gov-west-1`."""
    if not label.startswith("s3-"):
        return None
    parts = label.split("-")
    return next((t for i in range(1, len(parts)) if is_region(t := "-".join(parts[i:]))), None)


def _clean(labels: list[str]) -> tuple[str, ...]:
    # VPC endpoints put `{endpoint id}[-{zone}].` in front and `.vpce` behind the region.
    if labels[-1:] == ["vpce"]:
        labels = [label for label in labels[:-1] if not label.startswith("vpce-")]
    kept = []
    for label in labels:
        if label in _NEUTRAL or is_region(label):
            continue
        region = _hyphened_region(label)
        plain = label.removesuffix("-" + region) if region else label
        kept.append(plain.removesuffix("-fips").removeprefix("fips-").replace("-fips-", "-"))
    return tuple(kept)


def stem(plain: str) -> str | None:
    """A bare name without the suffix of its partition; None where it has none."""
    suffix = _suffix(plain)
    if suffix is not None:
        return plain[: -len(suffix) - 1]
    return plain.removesuffix(_LOCALSTACK) if plain.endswith(_LOCALSTACK) else None


def key(name: str) -> tuple[str, ...]:
    """What is left of an AWS name when region, suffix and neutral labels are taken off."""
    return parse(name).labels
