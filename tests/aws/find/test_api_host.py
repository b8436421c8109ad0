"""The names of AWS's APIs are told from the machines, brokers and pages below the same suffixes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import botocore
import pytest
from botocore.session import Session

from apitrail.aws.find import api_host, catalogue, host

R = "eu-west-1.amazonaws.com"
APIS = [
    f"sts.{R}", "sts.amazonaws.com", "iam.amazonaws.com", "signin.aws.amazon.com", f"s3.{R}", f"bucket.s3.{R}", f"my.bucket.s3.{R}", "b.s3.amazonaws.com",
    "b.s3-accelerate.amazonaws.com", f"ap-123456789012.s3-accesspoint.{R}",
    f"123456789012.s3-control.{R}", "s3.dualstack.us-east-1.amazonaws.com",
    "vpce-1a-2b.s3.eu-west-1.vpce.amazonaws.com", "vpce-1a-2b.sqs.eu-west-1.vpce.amazonaws.com",
    "bucket.vpce-1a-2b.s3.eu-west-1.vpce.amazonaws.com", f"123456789012.ddb.{R}",
    "abcde.veo.endpoint.events.amazonaws.com", f"12345.data-kinesis.{R}", f"eks.{R}", f"mq.{R}",
    f"kafka.{R}", f"airflow.{R}", f"api.airflow.{R}", f"rds.{R}", f"elasticache.{R}",
    f"runtime.sagemaker.{R}", f"cognito-idp.{R}", f"portal.sso.{R}", f"oidc.{R}", f"ssmmessages.{R}",
    f"123456789012.dkr.ecr.{R}", f"git-codecommit.{R}", "sqs.cn-north-1.amazonaws.com.cn",
    "kms-fips.us-gov-west-1.amazonaws.com", "iam.eusc-de-east-1.amazonaws.eu",
    "sts.us-iso-east-1.c2s.ic.gov", "lambda.eu-west-1.api.aws", f"abcd.lambda-url.{R[:-13]}on.aws",
    # What describe calls hand out.
    f"abc-ats.iot.{R}", f"abc.jobs.iot.{R}", "search-d-1a.eu-west-1.cloudsearch.amazonaws.com",
    f"abcd1234.mediaconvert.{R}", f"abc.data.mediastore.{R}", f"s-1a2b.kinesisvideo.{R}",
    f"ingest-cell1.timestream.{R}", f"aps-workspaces.{R}", f"a1.execute-api.{R}",
    f"a1.appsync-api.{R}", f"a1.{R[:9]}.aoss.amazonaws.com",
    # What this botocore does not know yet.
    f"brandnew.{R}",
]  # fmt: skip
OTHERS = [
    f"oidc.eks.{R}", f"0A1B.gr7.{R[:9]}.eks.amazonaws.com", f"abc.credentials.iot.{R}",
    "abc.c2.airflow.eu-west-1.on.aws", f"abc.c2.{R[:9]}.airflow.amazonaws.com",
    f"b-1.x.abc.c2.kafka.{R}", f"boot-abc.c1.kafka-serverless.{R}", f"b-1a2b.mq.{R}",
    "b-1a2b.mq.eu-west-1.on.aws", f"x.abc.{R[:9]}.rds.amazonaws.com", f"db.proxy-abc.{R[:9]}.rds.amazonaws.com",
    f"x.docdb.{R}", f"c.abc.{R[:9]}.redshift.amazonaws.com", f"w.1.{R[:9]}.redshift-serverless.amazonaws.com",
    "x.memorydb.eu-west-1.amazonaws.com", "m.abc.0001.euw1.cache.amazonaws.com",
    "ec2-1-2-3-4.compute-1.amazonaws.com", f"lb-1.{R[:9]}.elb.amazonaws.com",
    f"fs-1.efs.{R}", f"abc.emrappui-prod.{R}", f"vpce-1a-2b.vpce-svc-3c.{R[:9]}.vpce.amazonaws.com",
    "console.aws.amazon.com", "docs.aws.amazon.com", "sts.example.com", "amazonaws.com", "",
    "sts.eu-west-1.amazonaws.com.evil.example",
]  # fmt: skip


@pytest.mark.parametrize("name", APIS)
def test_an_api(name: str) -> None:
    assert api_host.is_api(name)
    assert api_host.is_api(name.upper() + ".")


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_a_certificate_of_its_own(name: str) -> None:
    assert not api_host.is_api(name)


@pytest.mark.parametrize("port", [8443, 8883])
def test_where_a_device_shows_a_certificate(port: int) -> None:
    assert not api_host.is_api(f"abc-ats.iot.{R}", port)
    assert api_host.is_api(f"transcribestreaming.{R}", port)
    assert api_host.is_device([b"x-amzn-mqtt-ca"])
    assert not api_host.is_device([b"h2", b"http/1.1"])


def endpoints() -> Iterator[str]:
    """Every endpoint in botocore's old table, in every region."""
    session = Session()
    resolver = session.get_component("endpoint_resolver")
    for partition in resolver.get_available_partitions():
        for service in session.get_available_services():
            for region in resolver.get_available_endpoints(service, partition, True):
                # Some of its regions are words: `fips-us-east-1`, `rds.us-east-1`, `aws-global`.
                if host.is_region(region) or region.endswith("-global"):
                    yield resolver.construct_endpoint(service, region, partition)["hostname"]


def templates() -> Iterator[str]:
    """Names of botocore's rulesets, with something for each of their parameters."""
    data = Path(botocore.__file__).parent / "data"
    for _, _, directory in catalogue.directories(data):
        urls, _ = catalogue._endpoints(directory)
        for url in urls:
            if not url or "{url" in url or url.startswith("localhost") or "s3" in url:
                continue  # an endpoint of the user's own; S3 is tested by its forms
            text = re.sub(r"\{[^}]*[dD]ns_?Suffix\}", "amazonaws.com", url)
            text = re.sub(r"\{[^}]*([rR]egion|RegionId)\}", "us-east-1", text)
            text = re.sub(r"\{\w+CustomEndpointSuffixValue\}", "-a1", text)
            text = text.replace("{OperationType}", "data")
            yield re.sub(r"\{[^}]*\}", "123456789012", text)


def test_every_endpoint_of_botocore_is_an_api() -> None:
    found = {*endpoints(), *templates()}
    assert len(found) > 4_000
    assert sorted(name for name in found if not api_host.is_api(name)) == []
