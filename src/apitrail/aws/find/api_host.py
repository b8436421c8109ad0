"""Which names are AWS APIs: those of botocore's rulesets, and those that describe calls hand out.

Other names below AWS's suffixes are machines, brokers, databases and web pages. A client that
demands to see their own certificate, or shows one of its own, would not survive being looked into.
"""

from __future__ import annotations

import re

from apitrail.aws.find import customer_host, extra_operations, handed_out, host, index, s3_host
from apitrail.remembered import remembered

# What stands in front of these labels is a customer's: an account, a stream, a domain. The first
# rows are botocore's rulesets and operations (`{AccountId}.ddb`, hostPrefix), the others are what
# a describe call answers with (MediaConvert "DescribeEndpoints", MediaStore "Endpoint", Kinesis
# Video "GetDataEndpoint").
_FRONTED = (
    r"(search-|streams-)?ddb",
    r"(data|control)-kinesis(-[a-z0-9-]+)?",
    r"cloudfront-kvs",
    r"endpoint\.events",
    r"endpoints\.email",
    r"eventsv2",
    r"neptune-graph",
    r"osm",
    r"s3-control",
    r"data\.mediastore",
    r"kinesisvideo",
    r"mediaconvert",
)
_BEHIND_OTHERS = re.compile(rf"[^.]+(\.[^.]+)?\.({'|'.join(_FRONTED)})")

# The devices' endpoint speaks HTTPS with signatures here; on its other ports a device shows a
# certificate ("Device communication protocols", AWS IoT Core developer guide).
_SIGNED_PORT = 443
# So do protocols that a device names in its ClientHello (ibid., "Using ALPN").
_DEVICE_PROTOCOLS = b"x-amzn-"


def is_api(name: str, port: int = _SIGNED_PORT) -> bool:
    """Is an API of AWS's called at this name and port? Loads the index of services."""
    plain = host.bare(name)
    return _is_api(plain) and (port == _SIGNED_PORT or not _is_for_devices(plain))


def is_device(protocols: list[bytes]) -> bool:
    """Do the protocols of a ClientHello (ALPN) say that a device will show a certificate?"""
    return any(each.startswith(_DEVICE_PROTOCOLS) for each in protocols)


@remembered(4096)
def _is_api(plain: str) -> bool:
    named = host.parse(plain)
    if named.partition is None or (not named.labels and not host.is_console(plain)):
        return False
    if host.is_console(plain):
        return host.is_aws(plain)
    labels = ".".join(named.labels)
    return (
        labels in index.load().hosts
        # A service that is newer than this botocore: nothing but APIs has names of this form.
        or (len(named.labels) == 1 and named.region is not None)
        or _BEHIND_OTHERS.fullmatch(labels) is not None
        or s3_host.address(plain) is not None
        or handed_out.service(named) is not None
        or customer_host.is_signed(plain)
        or extra_operations.is_host(named)
    )


def _is_for_devices(plain: str) -> bool:
    return handed_out.service(host.parse(plain)) in ("iot-data", "iot-jobs-data")
