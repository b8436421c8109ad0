"""Exchanges with one secret each in a place of its own: headers, targets, framing, answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from apitrail.exchange import Exchange
from redact.canary_places import zipped
from redacting import answer, asked, exchange, post

type Making = Callable[[str], Exchange]

_STS = "sts.eu-west-1.amazonaws.com"
_FORM = ("Content-Type", "application/x-www-form-urlencoded")
_JSON = ("Content-Type", "application/x-amz-json-1.1")
_XML = ("Content-Type", "text/xml")
_AUTH = ("Authorization", "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-west-1/"
         "sts/aws4_request, SignedHeaders=host, Signature=" + "0" * 64)  # fmt: skip
_WHO = b"Action=GetCallerIdentity&Version=2011-06-15"
_WHO_ANSWER = b"<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>"


def _jwt(secret: str) -> str:
    return f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.{secret}"


def _get(target: str, host: str = "b.s3.amazonaws.com") -> Exchange:
    return exchange(replace(post(target=target, host=host), method="GET"), answer(b"x"))


def _request_header(name: str, value: str = "@@") -> Making:
    return lambda s: exchange(
        post(_AUTH, _FORM, (name, value.replace("@@", s)), body=_WHO, host=_STS),
        answer(_WHO_ANSWER, _XML),
    )


def _answer_header(name: str, value: str = "@@") -> Making:
    return lambda s: exchange(
        post(_AUTH, _FORM, body=_WHO, host=_STS),
        answer(_WHO_ANSWER, _XML, (name, value.replace("@@", s))),
    )


def _request_trailer(name: str, value: str) -> Making:
    def make(s: str) -> Exchange:
        plain = exchange(post(_AUTH, _FORM, body=_WHO, host=_STS), answer(_WHO_ANSWER, _XML))
        told = replace(plain.request, trailers=((name, value.replace("@@", s)),))
        return replace(plain, request=told)

    return make


def _answer_trailer(name: str, value: str) -> Making:
    def make(s: str) -> Exchange:
        plain = exchange(post(_AUTH, _FORM, body=_WHO, host=_STS), answer(_WHO_ANSWER, _XML))
        assert plain.response is not None
        told = replace(plain.response, trailers=((name, value.replace("@@", s)),))
        return replace(plain, response=told)

    return make


def _target(target: str, *, times: int = 0) -> Making:
    def make(s: str) -> Exchange:
        for _ in range(times):
            s = quote(s, safe="")
        return _get(target.replace("@@", s))

    return make


def _after_first(encoding: str, *, asks: bool, member: bool) -> Making:
    """A compressed body, and behind its end the secret, compressed once more or as it is."""

    def make(s: str) -> Exchange:
        hidden = f'{{"Plaintext":"{s}","SecretAccessKey":"{s}"}}'.encode()
        data = zipped(b'{"KeyId":"k"}', encoding) + (zipped(hidden, encoding) if member else hidden)
        fields = _JSON, ("Content-Encoding", encoding.rpartition(" ")[2])
        plain, _ = asked("kms", "DescribeKey", {"KeyId": "k"})
        if asks:
            target = ("X-Amz-Target", "TrentService.DescribeKey")
            sent = post(_AUTH, target, *fields, body=data, host="kms.eu-west-1.amazonaws.com")
            return exchange(sent, answer(b"{}", _JSON))
        return replace(plain, ended=2, response=answer(data, *fields))

    return make


def _sts_behind(s: str) -> Exchange:
    first = _WHO_ANSWER
    second = (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><SecretAccessKey>"
        f"{s}</SecretAccessKey></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    ).encode()
    data = zipped(first, "gzip") + zipped(second, "gzip")
    return exchange(
        post(_AUTH, _FORM, body=_WHO, host=_STS), answer(data, _XML, ("Content-Encoding", "gzip"))
    )


def _body(body: str, *fields: tuple[str, str], host: str = _STS, target: str = "/") -> Making:
    return lambda s: exchange(
        post(_AUTH, *fields, body=body.replace("@@", s).encode(), host=host, target=target),
        answer(b"{}"),
    )


def _answer(body: str, *fields: tuple[str, str], status: int = 200) -> Making:
    return lambda s: exchange(
        post(_AUTH, _FORM, body=_WHO, host=_STS),
        answer(body.replace("@@", s).encode(), *fields, status=status),
    )


def _echoed(s: str) -> Exchange:
    """A statement's password that the error quotes without a word."""
    plain, _ = asked(
        "athena", "StartQueryExecution", {"QueryString": f"ALTER USER u PASSWORD '{s}'"}
    )
    said = json.dumps({"__type": "InvalidRequestException", "message": f"near {s} at line 1"})
    return replace(plain, ended=2, response=answer(said.encode(), _JSON, status=400))


def _s3_object(text: str) -> Making:
    def make(s: str) -> Exchange:
        plain, _ = asked("s3", "PutObject", {
            "Bucket": "b", "Key": "k", "Body": text.replace("@40@", (s + s)[:40]).replace("@@", s).encode()})  # fmt: skip
        return replace(plain, ended=2, response=answer())

    return make


def _parameters(service: str, operation: str, parameters: dict[str, object]) -> Making:
    def make(s: str) -> Exchange:
        told = json.loads(json.dumps(parameters).replace("@@", s))
        plain, _ = asked(service, operation, told)
        return replace(plain, ended=2, response=answer(b"{}"))

    return make


def _taught(service: str, operation: str, parameters: dict[str, object], told: str) -> Making:
    """A call whose answer tells who holds a key, with the secret in a name."""

    def make(s: str) -> Exchange:
        plain, _ = asked(service, operation, json.loads(json.dumps(parameters).replace("@@", s)))
        return replace(plain, ended=2, response=answer(told.replace("@@", s).encode(), _XML))

    return make


_ROLE = "arn:aws:iam::123456789012:role/r"
_LENT = (
    "<Credentials><AccessKeyId>ASIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>k</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2026-11-26T00:00:00Z</Expiration></Credentials>"
)


def _refused(s: str) -> Exchange:
    plain, _ = asked("iam", "ListUsers", {})
    said = (
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>User: arn:aws:sts::123456789012:"
        f"assumed-role/r/password={s} is not authorized to perform: iam:ListUsers</Message></Error>"
        "</ErrorResponse>"
    )
    return replace(plain, ended=2, response=answer(said.encode(), _XML, status=403))


_CFN = "cloudformation.eu-west-1.amazonaws.com"

EXCHANGES: dict[str, Making] = {
    # Headers of other clients and proxies.
    "bearer in x-forwarded-authorization": _request_header("X-Forwarded-Authorization", "Bearer @@"),
    "bearer in x-original-auth": _request_header("X-Original-Auth", "Bearer @@"),
    "bearer in a note": _request_header("X-Note", "bearer @@"),
    "basic in a note": _request_header("X-Note", "Basic @@=="),
    "jwt in x-amzn-oidc-data": lambda s: _request_header("X-Amzn-Oidc-Data", _jwt(s))(s),
    "x-amzn-oidc-accesstoken": _request_header("X-Amzn-Oidc-Accesstoken"),
    "x-amzn-marketplace-token": _request_header("x-amzn-marketplace-token"),
    "x-auth-key": _request_header("X-Auth-Key"),
    "x-api-key": _request_header("x-api-key"),
    "api-key": _request_header("Api-Key"),
    "x-csrf-token": _request_header("X-CSRF-Token"),
    "x-gitlab-token": _request_header("X-Gitlab-Token"),
    "x-hub-signature": _request_header("X-Hub-Signature-256", "sha256=@@"),
    "x-goog-api-key": _request_header("x-goog-api-key"),
    "referer": _request_header("Referer", "https://x.example/?access_token=@@"),
    "referer with userinfo": _request_header("Referer", "https://me:@@@x.example/"),
    "origin with userinfo": _request_header("Origin", "https://me:@@@x.example"),
    "from": _request_header("From", "password=@@"),
    "forwarded": _request_header("Forwarded", 'for=1.2.3.4;secret="@@"'),
    "user agent": _request_header("User-Agent", "tool/1 (token=@@)"),
    "json in a header": _request_header("X-Context", '{"password":"@@"}'),
    "encoded json in a header": _request_header("X-Context", "%7B%22password%22%3A%22@@%22%7D"),
    "base64 json in a header": lambda s: _request_header(
        "X-Amz-Client-Context", base64.b64encode(f'{{"password":"{s}"}}'.encode()).decode())(s),
    "object metadata": _request_header("x-amz-meta-db-password"),
    "object metadata's text": _request_header("x-amz-meta-note", "password: @@"),
    "tagging header": _request_header("x-amz-tagging", "env=prod&password=@@"),
    "website redirect": _request_header(
        "x-amz-website-redirect-location", "https://x.example/?token=@@"),
    "copy source": _request_header("x-amz-copy-source", "/b/k?X-Amz-Security-Token=@@"),
    "unknown scheme": _request_header("X-Auth", "Token token=@@"),
    "negotiate": _request_header("X-Note", "Negotiate @@=="),
    "header of two": _request_header("X-Note", "a=1, Bearer @@, b=2"),
    "proxy-authenticate": _request_header("Proxy-Authenticate-Info", 'nextnonce="1", Bearer @@'),
    "cookie2": _request_header("Cookie2"),
    "request trailer": _request_trailer("X-Note", "Bearer @@"),
    "answer trailer": _answer_trailer("X-Note", "password=@@"),
    # Headers of answers.
    "location": _answer_header("Location", "https://b.example/k?X-Amz-Signature=@@&x=1"),
    "location, encoded": _answer_header("Location", "https://b.example/cb?u=https%3A%2F%2Fc%2F%3FX-Amz-Signature%3D@@"),
    "location, a fragment": _answer_header("Location", "https://b.example/cb#id_token=@@"),
    "location, relative": _answer_header("Location", "/cb?code=@@"),
    "location, cloudfront": _answer_header("Location", "https://d.example/k?Expires=1&Signature=@@&Key-Pair-Id=K"),
    "content-location": _answer_header("Content-Location", "/k?X-Amz-Security-Token=@@"),
    "link": _answer_header("Link", '<https://b.example/k?X-Amz-Signature=@@>; rel="next"'),
    "refresh": _answer_header("Refresh", "0; url=https://b.example/?token=@@"),
    "set-cookie": _answer_header("Set-Cookie", "s=@@; Path=/"),
    "www-authenticate": _answer_header("WWW-Authenticate", 'Digest realm="r", nonce="1", Bearer @@'),
    "x-amzn-remapped-authorization": _answer_header("x-amzn-Remapped-Authorization", "Bearer @@"),
    "x-amzn-remapped-www-authenticate": _answer_header("x-amzn-Remapped-X", "Bearer @@"),
    "x-subject-token": _answer_header("X-Subject-Token"),
    "error in a header": _answer_header("x-amzn-errormessage", "password '@@' is too weak"),
    "warning": _answer_header("Warning", '199 - "password=@@"'),
    "sourcemap": _answer_header("SourceMap", "https://me:@@@x.example/a.map"),
    # Targets.
    "jwt in a path": lambda s: _get(f"/v1/{_jwt(s)}/x"),
    "jwt in a bare query": lambda s: _get(f"/v1?{_jwt(s)}"),
    "jwt in a value": lambda s: _get(f"/v1?q={_jwt(s)}"),
    "jwt, encoded": lambda s: _get(f"/v1?q={quote(_jwt(s), safe='').replace('.', '%2E')}"),
    "key in a path": _target("/v1/password=@@/x"),
    "matrix parameter": _target("/v1/x;token=@@/y"),
    "jsessionid": _target("/v1/x;access_token=@@"),
    "absolute form": _target("http://me:@@@b.s3.amazonaws.com/k"),
    "presigned in a path": _target("/fetch/https://b.example/k?X-Amz-Signature=@@"),
    "presigned, encoded in a path": _target("/fetch/https%3A%2F%2Fb.example%2Fk%3FX-Amz-Signature%3D@@"),
    "presigned, encoded twice": _target("/f?u=https%253A%252F%252Fb%252Fk%253FX-Amz-Signature%253D@@%2526a%253D1", times=2),
    "presigned, encoded thrice": _target("/f?u=https%25253A%25252F%25252Fb%25252Fk%25253FX-Amz-Signature%25253D@@", times=3),
    "session token, encoded twice": _target("/f?u=x%253FX-Amz-Security-Token%253D@@"),
    "encoded name": _target("/f?%70assword=@@"),
    "encoded name, twice": _target("/f?%2570assword=@@"),
    "fragment": _target("/f#access_token=@@"),
    "semicolons": _target("/f?a=1;password=@@"),
    "bare pair": _target("/f?password%3D@@"),
    "json in a query": _target('/f?filter=%7B%22password%22%3A%22@@%22%7D'),
    "plus for space": _target("/f?q=password%3A+@@"),
    "userinfo in a query": _target("/f?u=https%3A%2F%2Fme%3A@@%40b.example%2F"),
    "userinfo, encoded twice": _target("/f?u=https%253A%252F%252Fme%253A@@%2540b.example"),
    "azure sas": _target("/f?sv=1&sig=@@"),
    "sigv2": _target("/k?AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Expires=1&Signature=@@"),
    "array of a query": _target("/f?password[]=@@"),
    "member of a query": _target("/f?user[password]=@@"),
    # Bodies behind bodies.
    **{
        f"{encoding} {'request' if asks else 'answer'}, {'member' if member else 'bytes'} behind":
        _after_first(encoding, asks=asks, member=member)
        for encoding in ("gzip", "deflate", "zstd")
        for asks in (True, False)
        for member in (True, False)
    },
    "sts behind": _sts_behind,
    "bytes behind json": _body('{"KeyId":"k"}{"Plaintext":"@@"}', _JSON, ("X-Amz-Target", "TrentService.DescribeKey"), host="kms.eu-west-1.amazonaws.com"),
    "bytes behind a form": _body("Action=GetCallerIdentity&Version=2011-06-15&password=@@", _FORM),
    "name twice in json": _body('{"KeyId":"k","Note":"password=@@","Note":"x"}', _JSON, ("X-Amz-Target", "TrentService.DescribeKey"), host="kms.eu-west-1.amazonaws.com"),
    "unknown member": _body('{"KeyId":"k","Extra":"Bearer @@"}', _JSON, ("X-Amz-Target", "TrentService.DescribeKey"), host="kms.eu-west-1.amazonaws.com"),
    "unknown form field": _body("Action=GetCallerIdentity&Version=2011-06-15&Extra=Bearer+@@", _FORM),
    "xml comment": _answer("<GetCallerIdentityResponse><!-- password=@@ --><GetCallerIdentityResult/></GetCallerIdentityResponse>", _XML),
    "xml attribute": _answer('<GetCallerIdentityResponse password="@@"><GetCallerIdentityResult/></GetCallerIdentityResponse>', _XML),
    "xml cdata": _answer("<GetCallerIdentityResponse><GetCallerIdentityResult><Note><![CDATA[password=@@]]></Note></GetCallerIdentityResult></GetCallerIdentityResponse>", _XML),
    "signature in an answer": _answer("<GetCallerIdentityResponse><GetCallerIdentityResult><Url>https://b/k?X-Amz-Signature=@@</Url></GetCallerIdentityResult></GetCallerIdentityResponse>", _XML),
    "signature in an answer, escaped": _answer("<GetCallerIdentityResponse><GetCallerIdentityResult><Url>https://b/k?a=1&amp;X-Amz-Signature=@@</Url></GetCallerIdentityResult></GetCallerIdentityResponse>", _XML),
    "error in xml": _answer("<ErrorResponse><Error><Code>X</Code><Message>password: @@</Message></Error></ErrorResponse>", _XML, status=400),
    "bearer in an error": _answer("<ErrorResponse><Error><Code>X</Code><Message>bad Bearer @@</Message></Error></ErrorResponse>", _XML, status=403),
    "string to sign": _answer("<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>m</Message><SignatureProvided>@@</SignatureProvided></Error></ErrorResponse>", _XML, status=403),
    "html error": _answer("<html><body>proxy login me:password=@@</body></html>", ("Content-Type", "text/html"), status=502),
    "echo of an engine's find": _echoed,
    "pem in an object": _s3_object("-----BEGIN PRIVATE KEY-----\n@@\n-----END PRIVATE KEY-----\n"),
    "aws keys in an object": _s3_object("[default]\naws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=@40@\n"),
    "url in an object": _s3_object("DATABASE=postgres://me:@@@db/app\n"),
    # Parameters of their own kinds.
    "flag and value": _parameters("ecs", "RegisterTaskDefinition", {
        "family": "f", "containerDefinitions": [{"name": "c", "image": "i", "command": ["app", "--password", "@@"]}]}),
    "flag with value": _parameters("ecs", "RegisterTaskDefinition", {
        "family": "f", "containerDefinitions": [{"name": "c", "image": "i", "command": ["app", "--api-key=@@"]}]}),
    "entry point": _parameters("ecs", "RegisterTaskDefinition", {
        "family": "f", "containerDefinitions": [{"name": "c", "image": "i", "entryPoint": ["app", "--token", "@@"]}]}),
    "health check": _parameters("ecs", "RegisterTaskDefinition", {
        "family": "f", "containerDefinitions": [{"name": "c", "image": "i", "healthCheck": {"command": ["CMD-SHELL", "redis-cli -a @@ ping"]}}]}),
    "log options": _parameters("ecs", "RegisterTaskDefinition", {
        "family": "f", "containerDefinitions": [{"name": "c", "image": "i", "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": "@@"}}}]}),
    "docker labels": _parameters("ecs", "RegisterTaskDefinition", {
        "family": "f", "containerDefinitions": [{"name": "c", "image": "i", "dockerLabels": {"note": "password=@@"}}]}),
    "batch flag": _parameters("batch", "SubmitJob", {
        "jobName": "j", "jobQueue": "q", "jobDefinition": "d", "containerOverrides": {"command": ["app", "--db-password", "@@"]}}),
    "batch parameters": _parameters("batch", "SubmitJob", {
        "jobName": "j", "jobQueue": "q", "jobDefinition": "d", "parameters": {"dbPassword": "@@"}}),
    "emr step": _parameters("emr", "AddJobFlowSteps", {
        "JobFlowId": "j", "Steps": [{"Name": "s", "HadoopJarStep": {"Jar": "j", "Args": ["sqoop", "--password", "@@"]}}]}),
    "glue arguments": _parameters("glue", "StartJobRun", {
        "JobName": "j", "Arguments": {"--db_password": "@@"}}),
    "glue connection url": _parameters("glue", "StartJobRun", {
        "JobName": "j", "Arguments": {"--url": "jdbc:mysql://h/d?user=u&password=@@"}}),
    "state machine input": _parameters("stepfunctions", "StartExecution", {
        "stateMachineArn": "arn:aws:states:eu-west-1:1:stateMachine:s", "input": '{"password":"@@"}'}),
    "eventbridge input": _parameters("events", "PutTargets", {
        "Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:lambda:x", "Input": '{"apiKey":"@@"}'}]}),
    "scheduler input": _parameters("scheduler", "CreateSchedule", {
        "Name": "n", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:lambda:x", "RoleArn": "arn:aws:iam::1:role/r", "Input": '{"token":"@@"}'}}),
    "subscription endpoint": _parameters("sns", "Subscribe", {
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:t", "Protocol": "https", "Endpoint": "https://me:@@@h.example/"}),
    "git url": _parameters("codebuild", "CreateProject", {
        "name": "p", "source": {"type": "GITHUB", "location": "https://me:@@@github.com/o/r.git"},
        "artifacts": {"type": "NO_ARTIFACTS"}, "serviceRole": "arn:aws:iam::1:role/r",
        "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"}}),
    "amplify": _parameters("amplify", "CreateApp", {"name": "n", "buildSpec": "version: 1\nenv:\n  variables:\n    TOKEN: @@\n"}),
    "apprunner command": _parameters("apprunner", "CreateService", {
        "ServiceName": "s", "SourceConfiguration": {"ImageRepository": {"ImageIdentifier": "i", "ImageRepositoryType": "ECR",
        "ImageConfiguration": {"StartCommand": "app --password=@@"}}}}),
    "lambda image command": _parameters("lambda", "UpdateFunctionConfiguration", {
        "FunctionName": "f", "ImageConfig": {"Command": ["app", "--token", "@@"]}}),
    "lambda environment": _parameters("lambda", "UpdateFunctionConfiguration", {
        "FunctionName": "f", "Environment": {"Variables": {"X": "@@"}}}),
    "launch template": _parameters("ec2", "CreateLaunchTemplate", {
        "LaunchTemplateName": "l", "LaunchTemplateData": {"UserData": "@@"}}),
    "map key": _parameters("ecs", "RegisterTaskDefinition", {
        "family": "f", "containerDefinitions": [{"name": "c", "image": "i", "dockerLabels": {"password=@@": "x"}}]}),
    "iot policy text": _parameters("iot", "CreateThing", {"thingName": "t", "attributePayload": {"attributes": {"wifiPassword": "@@"}}}),
    "session name": _parameters("sts", "AssumeRole", {"RoleArn": "arn:aws:iam::123456789012:role/r", "RoleSessionName": "password=@@"}),
    # Names in what a call teaches about who holds a key, and in who made it.
    "learned session": _taught("sts", "AssumeRole", {"RoleArn": _ROLE, "RoleSessionName": "token=@@"},
        f"<AssumeRoleResponse><AssumeRoleResult>{_LENT}<AssumedRoleUser><AssumedRoleId>AROA1:token=@@"
        "</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/token=@@</Arn></AssumedRoleUser>"
        "</AssumeRoleResult></AssumeRoleResponse>"),
    "learned user": _taught("iam", "CreateUser", {"UserName": "password=@@"},
        "<CreateUserResponse><CreateUserResult><User><Path>/</Path><UserName>password=@@</UserName><UserId>"
        "AIDA1</UserId><Arn>arn:aws:iam::123456789012:user/password=@@</Arn></User></CreateUserResult></CreateUserResponse>"),
    "learned caller": _taught("sts", "GetCallerIdentity", {},
        "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::123456789012:assumed-role/r/"
        "secret=@@</Arn><UserId>AROA1:secret=@@</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
        "</GetCallerIdentityResponse>"),
    "learned subject": _taught("sts", "AssumeRoleWithWebIdentity", {
        "RoleArn": _ROLE, "RoleSessionName": "s", "WebIdentityToken": "eyJ0.eyJ1.x"},
        f"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult>{_LENT}<SubjectFromWebIdentityToken>"
        "https://me:@@@idp.example/</SubjectFromWebIdentityToken><AssumedRoleUser><AssumedRoleId>AROA1:s</AssumedRoleId>"
        "<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser><Provider>p</Provider>"
        "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"),
    "refused caller": _refused,
    "device config": _parameters("ssm", "PutParameter", {"Name": "/a", "Type": "String", "Value": "password=@@"}),
    "opsitem": _parameters("ssm", "CreateOpsItem", {"Title": "t", "Source": "s", "Description": "login failed with password '@@'"}),
    "synthetics": _parameters("cloudwatch", "PutDashboard", {"DashboardName": "d", "DashboardBody": '{"url":"https://x/?token=@@"}'}),
    "kinesis analytics": _parameters("firehose", "CreateDeliveryStream", {
        "DeliveryStreamName": "s", "HttpEndpointDestinationConfiguration": {
            "EndpointConfiguration": {"Url": "https://h.example/", "AccessKey": "@@"}, "S3Configuration": {
            "RoleARN": "arn:aws:iam::1:role/r", "BucketARN": "arn:aws:s3:::b"}}}),
}  # fmt: skip
