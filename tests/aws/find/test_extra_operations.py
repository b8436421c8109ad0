"""Operations that botocore has no model of."""

from __future__ import annotations

import json

import pytest

from apitrail.aws import decode
from apitrail.exchange import Body, Response
from apitrail.identity.identity import Identity
from apitrail.identity.learn import learn
from aws.requests import call, decoded, named, request

R = "eu-west-1.amazonaws.com"
ECR = f"123456789012.dkr.ecr.{R}"
IMAGE = {"registryId": "123456789012", "repositoryName": "team/app"}


@pytest.mark.parametrize(
    ("method", "host", "path", "name", "parameters"),
    [
        ("GET", ECR, "/v2/team/app/manifests/v1", "ecr:BatchGetImage", IMAGE | {"imageIds": [{"imageTag": "v1"}]}),
        ("GET", ECR, "/v2/team/app/manifests/sha256:ab", "ecr:BatchGetImage", IMAGE | {"imageIds": [{"imageDigest": "sha256:ab"}]}),
        ("GET", ECR, "/v2/team/app/blobs/sha256:ab", "ecr:GetDownloadUrlForLayer", IMAGE | {"layerDigest": "sha256:ab"}),
        ("PUT", ECR, "/v2/team/app/manifests/v1", "ecr:PutImage", IMAGE | {"imageTag": "v1"}),
        ("GET", f"git-codecommit.{R}", "/v1/repos/r/info/refs?service=git-upload-pack", "codecommit:GitPull", {"repositoryName": "r"}),
        ("POST", f"git-codecommit.{R}", "/v1/repos/r/git-receive-pack", "codecommit:GitPush", {"repositoryName": "r"}),
        ("GET", f"portal.sso.{R}", "/instance/appinstances", "sso:ListApplications", {}),
        ("GET", f"a.credentials.iot.{R}", "/role-aliases/r/credentials", "iot:AssumeRoleWithCertificate", {"roleAlias": "r"}),
        ("GET", f"aps-workspaces.{R}", "/workspaces/ws-1/api/v1/query?query=up", "amp:QueryMetrics", {"workspaceId": "ws-1"}),
    ],
)  # fmt: skip
def test_they_go_by_cloudtrail_s_or_iam_s_names(method, host, path, name, parameters):
    found = decoded(request(method, path, host=host))

    assert f"{found.service}:{found.operation}" == name
    assert found.parameters == parameters
    assert found.problems == ()


def session() -> tuple[bytes, Response]:
    asked = {
        "profileArn": "p",
        "roleArn": "arn:aws:iam::123456789012:role/R",
        "trustAnchorArn": "t",
    }
    given = {
        "credentialSet": [
            {
                "assumedRoleUser": {
                    "arn": "arn:aws:sts::123456789012:assumed-role/R/00ab",
                    "assumedRoleId": "AROA123456789EXAMPLE:00ab",
                },
                "credentials": {
                    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
                    "secretAccessKey": "s",
                    "sessionToken": "t",
                    "expiration": "2099-01-01T00:00:00Z",
                },
                "roleArn": "arn:aws:iam::123456789012:role/R",
            }
        ],
        "subjectArn": "arn:aws:rolesanywhere:eu-west-1:123456789012:subject/s",
    }
    answer = Response(
        status=201,
        http_version="HTTP/1.1",
        headers=(("Content-Type", "application/json"),),
        body=Body.of(json.dumps(given).encode()),
    )
    return json.dumps(asked).encode(), answer


def test_a_session_of_roles_anywhere_teaches_who_holds_its_key():
    asked, answer = session()
    made = request("POST", "/sessions", host=f"rolesanywhere.{R}", body=asked)

    call = decode.response(decoded(made), answer)
    [binding] = learn(call, Identity(), at=0)

    assert (call.service, call.operation) == ("rolesanywhere", "CreateSession")
    assert call.parameters["roleArn"] == "arn:aws:iam::123456789012:role/R"
    assert binding.access_key_id == "ASIAIOSFODNN7EXAMPLE"
    assert binding.identity.arn == "arn:aws:sts::123456789012:assumed-role/R/00ab"
    assert binding.expires_at == 4070908800000


@pytest.mark.parametrize(
    ("host", "path", "scope", "name"),
    [
        ("transcribestreaming.eu-west-1.amazonaws.com:8443", "/stream-transcription-websocket?language-code=en-US",
         "transcribe", ("transcribe", "StartStreamTranscriptionWebSocket")),
        ("a1b2c3-ats.iot.eu-west-1.amazonaws.com", "/mqtt", "iotdevicegateway", ("iot", "Connect")),
        ("ssmmessages.eu-west-1.amazonaws.com", "/v1/data-channel/s-1?role=publish_subscribe",
         "ssmmessages", ("ssmmessages", "OpenDataChannel")),
    ],
)  # fmt: skip
def test_calls_that_open_a_websocket(host, path, scope, name):
    assert named(call("GET", path, host=host, service=scope)) == name
