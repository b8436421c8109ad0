"""How long decoding takes: `python -m benchmarks.decode` prints microseconds a call, both ways."""

from __future__ import annotations

import statistics
import time

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.sign import auth
from apitrail.exchange import Body, Request, Response

ROUNDS = 3000
FORM = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")


def signed(
    service: str, host: str, method: str, target: str, body: bytes, *headers: tuple[str, str]
) -> Request:
    """A request as SDKs send it."""
    scope = f"AKIAQYLPMN5HFIQR7XYA/20260101/us-east-1/{service}/aws4_request"
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    )
    return Request(
        method=method,
        scheme="https",
        host=host,
        target=target,
        http_version="HTTP/1.1",
        headers=(
            ("Host", host),
            *headers,
            ("User-Agent", "Boto3/1.44.5 md/Botocore#1.44.5 ua/2.1 lang/python#3.13.0"),
            ("X-Amz-Date", "20260101T000000Z"),
            ("Authorization", authorization),
            ("amz-sdk-invocation-id", "3d2f5c30-5d0c-4f0e-a9ab-4d3f4ee5c0c4"),
        ),
        body=Body.of(body),
    )


def target(name: str) -> tuple[str, str]:
    return ("X-Amz-Target", name)


XML = b'<?xml version="1.0"?>'
CALLS = {
    "dynamodb GetItem": (
        signed(
            "dynamodb", "dynamodb.us-east-1.amazonaws.com", "POST", "/",
            b'{"TableName": "orders", "Key": {"pk": {"S": "order#1"}, "sk": {"N": "7"}}}',
            target("DynamoDB_20120810.GetItem"),
        ),
        b'{"Item":{"pk":{"S":"order#1"},"sk":{"N":"7"},"total":{"N":"12.5"},"tags":{"L":[{"S":"a"}]}}}',
    ),
    "sts GetCallerIdentity": (
        signed(
            "sts", "sts.us-east-1.amazonaws.com", "POST", "/",
            b"Action=GetCallerIdentity&Version=2011-06-15", FORM,
        ),
        (b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::1:user/u</Arn>"
        b"<UserId>AIDA</UserId><Account>123456789012</Account></GetCallerIdentityResult>"
        b"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>"),
    ),
    "iam CreateUser": (
        signed(
            "iam", "iam.amazonaws.com", "POST", "/",
            b"Action=CreateUser&Version=2010-05-08&UserName=bob&Tags.member.1.Key=a&Tags.member.1.Value=b",
            FORM,
        ),
        (b"<CreateUserResponse><CreateUserResult><User><Path>/</Path><UserName>bob</UserName>"
        b"<UserId>AIDA</UserId><Arn>arn:aws:iam::1:user/bob</Arn>"
        b"<CreateDate>2026-01-01T00:00:00Z</CreateDate></User></CreateUserResult></CreateUserResponse>"),
    ),
    "s3 GetObject": (
        signed("s3", "bucket.s3.us-east-1.amazonaws.com", "GET", "/a/b/c.txt", b""),
        b"the object",
    ),
    "ec2 DescribeInstances": (
        signed(
            "ec2", "ec2.us-east-1.amazonaws.com", "POST", "/",
            b"Action=DescribeInstances&Version=2016-11-15&InstanceId.1=i-1&Filter.1.Name=n&Filter.1.Value.1=v",
            FORM,
        ),
        (b"<DescribeInstancesResponse><requestId>r</requestId><reservationSet><item>"
        b"<reservationId>r-1</reservationId><instancesSet><item><instanceId>i-1</instanceId>"
        b"<instanceState><code>16</code><name>running</name></instanceState>"
        b"<launchTime>2026-01-01T00:00:00.000Z</launchTime></item></instancesSet></item>"
        b"</reservationSet></DescribeInstancesResponse>"),
    ),
}  # fmt: skip


def both(request: Request, response: Response) -> Call:
    """One call, decoded as the proxy does it."""
    return decode.response(decode.request(request, auth.read(request)), response)


def measure(request: Request, response: Response) -> float:
    """Median microseconds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter_ns()
        both(request, response)
        times.append(time.perf_counter_ns() - started)
    return statistics.median(times) / 1000


def main() -> None:
    """Print one line for each usual small call."""
    for name, (request, answer) in CALLS.items():
        response = Response(
            status=200,
            http_version="HTTP/1.1",
            headers=(("x-amzn-RequestId", "r"), ("Content-Length", str(len(answer)))),
            body=Body.of(answer),
        )
        started = time.perf_counter()
        call = both(request, response)
        first = (time.perf_counter() - started) * 1000
        assert call.operation == name.partition(" ")[2], call
        assert not call.problems, call.problems
        print(f"{name:24} {measure(request, response):7.1f} µs   (first call {first:.0f} ms)")


if __name__ == "__main__":
    main()
