"""A path behind a customer's own host names no operation of AWS's."""

from __future__ import annotations

import pytest

from aws.requests import decoded, request, target

R = "eu-west-1"
HOSTS = [
    (f"x.lambda-url.{R}.on.aws", "lambda", "lambda", "InvokeFunctionUrl"),
    (f"x.lambda-url.{R}.localhost.localstack.cloud:4566", "lambda", "lambda", "InvokeFunctionUrl"),
    (f"a1.execute-api.{R}.amazonaws.com", "execute-api", "execute-api", "Invoke"),
    (f"vpce-1a.execute-api.{R}.vpce.amazonaws.com", "execute-api", "execute-api", "Invoke"),
    ("a1.execute-api.localhost.localstack.cloud:4566", None, "execute-api", "Invoke"),
    ("api.example.com", "execute-api", "execute-api", "Invoke"),
    (f"a1.appsync-api.{R}.amazonaws.com", "appsync", "appsync", "GraphQL"),
    (f"a1.{R}.aoss.amazonaws.com", "aoss", "aoss", "APIAccessAll"),
    (f"search-d-1a.{R}.es.amazonaws.com", "es", "es", "ESHttpDelete"),
    (f"vpc-d-1a.{R}.es.amazonaws.com", None, "es", "ESHttpDelete"),
    (f"d.{R}.opensearch.localhost.localstack.cloud:4566", "es", "es", "ESHttpDelete"),
    (
        f"g-1.gateway.bedrock-agentcore.{R}.amazonaws.com",
        "bedrock-agentcore",
        "bedrock-agentcore",
        "InvokeGateway",
    ),
    (f"s-1.7d67968.vpc-lattice-svcs.{R}.on.aws", "vpc-lattice-svcs", "vpc-lattice-svcs", "Invoke"),
]
PATHS = (
    "/2015-03-31/functions/payroll",
    "/v2/apis/a1",
    "/2021-01-01/opensearch/domain/d",
    "/clusters/c",
    "/b/k",
)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("host", "signed", "service", "action"), HOSTS)
def test_it_is_told_by_its_action(host, signed, service, action, path):
    found = decoded(request("DELETE", path + "?Action=DeleteUser", host=host, service=signed))

    assert (found.service, found.operation) == (service, action)
    assert found.parameters == {"method": "DELETE", "path": path}
    assert found.customers
    assert found.problems == ()


def test_a_header_names_nothing_there():
    made = request(
        "POST",
        "/",
        target("DeleteTable"),
        host=f"x.lambda-url.{R}.on.aws",
        body=b'{"TableName":"t"}',
    )

    assert decoded(made).operation == "InvokeFunctionUrl"


@pytest.mark.parametrize(
    "host", [f"lb-1.{R}.elb.amazonaws.com", f"ec2-1-2-3-4.{R}.compute.amazonaws.com"]
)
def test_a_customer_s_machine_is_called_nothing(host):
    found = decoded(request("POST", "/?Action=DeleteUser&UserName=bob", host=host, service="iam"))

    assert (found.service, found.operation) == (None, None)
    assert found.problems == ("a customer's own host, which is no service of AWS's",)


@pytest.mark.parametrize(
    ("path", "service"),
    [("/_user_request_/x", None), ("/restapis/a/prod/_user_request_/x", "execute-api")],
)
def test_localstack_s_paths_of_apis(path, service):
    assert decoded(request("GET", path)).service == service


@pytest.mark.parametrize("path", ["/prod/a/@connections/c", "/prod/@connections/c/d", "/prod/pets"])
def test_only_a_connection_is_an_operation(path):
    host = f"a1.execute-api.{R}.amazonaws.com"

    assert decoded(request("POST", path, host=host, service="execute-api")).operation == "Invoke"


def test_the_control_plane_of_a_domain_stays_aws_s():
    made = request("GET", "/2021-01-01/opensearch/domain/d", service="es")

    assert decoded(made).operation == "DescribeDomain"
