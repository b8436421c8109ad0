"""apiVersion, tlsDetails and vpcEndpointId."""

from __future__ import annotations

import pytest

from apitrail.cloudtrail.extras import api_version, tls_details, vpc_endpoint_id
from apitrail.exchange import Tls
from cloudtrail.traffic import call, exchange


@pytest.mark.parametrize(
    ("service", "version", "told"),
    [
        ("logs", "2014-03-28", "20140328"),
        ("cloudfront", "2020-05-31", "2020_05_31"),
        ("route53", "2013-04-01", "2013-04-01"),
        ("dynamodb", "2012-08-10", "2012-08-10"),
        ("iam", "2010-05-08", None),
        ("dynamodb", None, None),
    ],
)
def test_api_version(service, version, told):
    assert api_version(call(service, "Get", api_version=version)) == told


def test_tls_details():
    agreed = Tls(version="TLSv1.3", cipher="TLS_AES_128_GCM_SHA256")
    assert tls_details(exchange("iam.amazonaws.com", tls=agreed)) == {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": "iam.amazonaws.com",
    }
    assert tls_details(exchange()) is None


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("vpce-0a1b2c3d-5e6f7a8b.sqs.eu-west-1.vpce.amazonaws.com", "vpce-0a1b2c3d"),
        ("vpce-0a1b2c3d-5e6f-eu-west-1a.sts.eu-west-1.vpce.amazonaws.com", "vpce-0a1b2c3d"),
        ("bucket.vpce-0a1b2c3d-5e6f.s3.eu-west-1.vpce.amazonaws.com", "vpce-0a1b2c3d"),
        ("b.bucket.vpce-0a1b-5e6f.s3.eu-west-1.vpce.amazonaws.com:443", "vpce-0a1b"),
        ("sqs.eu-west-1.amazonaws.com", None),
        ("vpce-bucket.s3.amazonaws.com", None),
    ],
)
def test_vpc_endpoint(host, endpoint):
    assert vpc_endpoint_id(host) == endpoint
