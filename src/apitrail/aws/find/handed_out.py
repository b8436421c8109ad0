"""Endpoints that a describe call hands out, which no ruleset of botocore's names.

iot:DescribeEndpoint, cloudsearch:DescribeDomains, timestream:DescribeEndpoints and
rds:DescribeDBClusters answer with names of these forms.
"""

from __future__ import annotations

import re

from apitrail.aws.find.host import Host
from apitrail.remembered import remembered

# The labels of a name (see `host.Host.labels`) -> the service that answers there. The names of
# Kinesis Video, MediaStore, MediaConvert and Neptune Analytics end in labels that rulesets have.
_NAMES = (
    # "AWS IoT Core endpoints": `PREFIX[-ats].iot`, `PREFIX.jobs.iot`.
    (re.compile(r"[^.]+\.jobs\.iot"), "iot-jobs-data"),
    (re.compile(r"[^.]+\.iot"), "iot-data"),
    # "Submitting requests to a CloudSearch domain".
    (re.compile(r"(?:search|doc)-[^.]+\.cloudsearch"), "cloudsearchdomain"),
    # "The endpoint discovery pattern" of Timestream.
    (re.compile(r"ingest-cell\d+\.timestream"), "timestream-write"),
    (re.compile(r"query-cell\d+\.timestream"), "timestream-query"),
    # "Connecting to an Amazon Neptune DB cluster": cluster, reader and instance endpoints.
    (re.compile(r".+\.neptune"), "neptunedata"),
)


def service(name: Host) -> str | None:
    """botocore's name of the service that a handed-out name belongs to; None for other names."""
    return _service(".".join(name.labels))


@remembered(4096)
def _service(labels: str) -> str | None:
    return next((service for regex, service in _NAMES if regex.fullmatch(labels)), None)
