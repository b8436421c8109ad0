"""Responses: results, errors in all their forms, ids, and what is left of broken ones."""

import gzip
import json
import random
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apitrail.aws import decode, models
from apitrail.aws.answer import response
from apitrail.aws.call import Blob, Call, Error, EventStream, Map
from apitrail.exchange import Body, Response
from apitrail.redact import Redactor
from aws import answers

CALLS = {
    "sts": Call(service="sts", operation="AssumeRole", protocol="query"),
    "iam": Call(service="iam", operation="GetUser", protocol="query"),
    "ec2": Call(service="ec2", operation="DescribeVpcs", protocol="ec2"),
    "dynamodb": Call(service="dynamodb", operation="GetItem", protocol="json"),
    "lambda": Call(service="lambda", operation="GetFunction", protocol="rest-json"),
    "s3": Call(service="s3", operation="GetBucketTagging", protocol="rest-xml"),
    "copy": Call(service="s3", operation="CopyObject", protocol="rest-xml"),
    "get": Call(service="s3", operation="GetObject", protocol="rest-xml"),
    "head": Call(service="s3", operation="HeadObject", protocol="rest-xml"),
    "location": Call(service="s3", operation="GetBucketLocation", protocol="rest-xml"),
    "select": Call(service="s3", operation="SelectObjectContent", protocol="rest-xml"),
    "shards": Call(service="kinesis", operation="SubscribeToShard", protocol="json"),
    "records": Call(service="kinesis", operation="GetRecords", protocol="json"),
    "sqs": Call(service="sqs", operation="ReceiveMessage", protocol="json"),
    "metrics": Call(service="cloudwatch", operation="GetDashboard", protocol="smithy-rpc-v2-cbor"),
    "secret": Call(service="secretsmanager", operation="GetSecretValue", protocol="json"),
    "oidc": Call(service="sso-oidc", operation="CreateToken", protocol="rest-json"),
    "route53": Call(service="route53", operation="ChangeResourceRecordSets", protocol="rest-xml"),
    "post": Call(service="s3", operation="PostObject", protocol="rest-xml"),
    "unknown": Call(),
}


def parse(name, status, body=b"", *headers):
    answer = Response(
        status=status,
        http_version="HTTP/1.1",
        headers=headers,
        body=Body.of(body.encode() if isinstance(body, str) else body),
    )
    return response.parse(CALLS[name], answer)


# --- results


def test_query_result():
    call = parse(
        "sts",
        200,
        """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
          <AssumeRoleResult>
            <Credentials>
              <AccessKeyId>ASIAY34FZKBOKMUTVV7A</AccessKeyId>
              <SecretAccessKey>s/e+c</SecretAccessKey>
              <SessionToken>t</SessionToken>
              <Expiration>2026-01-02T03:04:05Z</Expiration>
            </Credentials>
            <PackedPolicySize>6</PackedPolicySize>
          </AssumeRoleResult>
          <ResponseMetadata><RequestId>c6104cbe</RequestId></ResponseMetadata>
        </AssumeRoleResponse>""",
    )
    assert call.result == {
        "Credentials": {
            "AccessKeyId": "ASIAY34FZKBOKMUTVV7A",
            "SecretAccessKey": "s/e+c",
            "SessionToken": "t",
            "Expiration": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        },
        "PackedPolicySize": 6,
    }
    assert call.request_id == "c6104cbe"
    assert call.sensitive_result == {("Credentials", "SecretAccessKey")}
    assert call.problems == ()


def test_result_without_its_wrapper_is_read_all_the_same():
    call = parse("sts", 200, "<R><PackedPolicySize>6</PackedPolicySize></R>")
    assert call.result == {"PackedPolicySize": 6}


def test_ec2_result():
    call = parse(
        "ec2",
        200,
        '<DescribeVpcsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        "<requestId>7a62c49f</requestId><vpcSet><item><vpcId>vpc-1</vpcId>"
        "<isDefault>true</isDefault><tagSet/></item></vpcSet></DescribeVpcsResponse>",
    )
    assert call.result == {"Vpcs": [{"VpcId": "vpc-1", "IsDefault": True, "Tags": []}]}
    assert call.request_id == "7a62c49f"
    assert call.problems == ()


def test_maps_are_told_from_structures():
    body = {"Item": {"k": {"M": {"inner": {"B": "AAE="}}}}}
    result = parse("dynamodb", 200, json.dumps(body)).result
    assert type(result["Item"]) is Map
    assert type(result["Item"]["k"]) is dict
    assert type(result["Item"]["k"]["M"]) is Map
    assert result["Item"]["k"]["M"]["inner"] == {"B": b"\x00\x01"}


def test_secret_is_marked_only_where_it_is():
    assert parse("secret", 200, '{"SecretString": "x"}').sensitive_result == {("SecretString",)}
    assert parse("secret", 200, '{"Name": "x"}').sensitive_result == frozenset()


def test_streamed_payload_is_a_digest():
    call = parse("get", 200, b"hello", ("ETag", '"e"'), ("x-amz-meta-Key", "V"))
    body = Body.of(b"hello")
    assert call.result["Body"] == Blob(length=5, sha256=body.sha256)
    assert call.result["Metadata"] == Map({"Key": "V"})
    assert call.result["ETag"] == '"e"'


def test_streamed_payload_needs_no_whole_body():
    body = Body(data=b"he", length=5, sha256=Body.of(b"hello").sha256)
    answer = Response(status=200, http_version="HTTP/1.1", headers=(), body=body)
    call = response.parse(CALLS["get"], answer)
    assert call.result["Body"] == Blob(length=5, sha256=body.sha256)
    assert call.problems == ()


def test_body_that_was_not_kept_whole_leaves_the_headers():
    body = Body(data=b"<Copy", length=500, sha256=bytes(32))
    headers = (("x-amz-version-id", "v1"),)
    answer = Response(status=200, http_version="HTTP/1.1", headers=headers, body=body)
    call = response.parse(CALLS["copy"], answer)
    assert call.result == {"VersionId": "v1"}
    assert call.problems == ("response body was not kept whole",)


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (
            '<LocationConstraint xmlns="x">eu-west-1</LocationConstraint>',
            {"LocationConstraint": "eu-west-1"},
        ),
        ('<LocationConstraint xmlns="x"/>', {}),
    ],
)
def test_bucket_location(body, result):
    assert parse("location", 200, body).result == result


def test_slow_copy_starts_with_white_space():
    body = "\n\n   <?xml version='1.0'?><CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
    assert parse("copy", 200, body).result == {"CopyObjectResult": {"ETag": "e"}}


@pytest.mark.parametrize("name", ["sts", "ec2", "dynamodb", "lambda", "s3", "metrics"])
def test_empty_body_is_an_empty_result(name):
    call = parse(name, 200)
    assert (call.result, call.error, call.problems) == ({}, None, ())


def test_unknown_operation_has_no_result():
    call = parse("unknown", 200, b"{}", ("x-amzn-RequestId", "r"))
    assert (call.result, call.error, call.request_id) == (None, None, "r")


@pytest.mark.parametrize(
    ("encoding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)]
)
def test_compressed_body(encoding, compress):
    call = parse("secret", 200, compress(b'{"Name": "n"}'), ("Content-Encoding", encoding))
    assert call.result == {"Name": "n"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"not gzip", "response body is not compressed as its header says"),
        (gzip.compress(b"{}", mtime=0)[:-9], "compressed response body is cut off"),
        (
            gzip.compress(bytes(response.MOST_BYTES + 1), mtime=0),
            "response body is too large to decode",
        ),
    ],
)
def test_broken_compression_is_a_doubt(body, problem):
    call = parse("secret", 200, body, ("Content-Encoding", "gzip"))
    assert (call.result, call.problems) == ({}, (problem,))


def test_kinesis_may_answer_in_cbor():
    tree = {"Records": [{"Data": b"\x00\xff", "PartitionKey": "p"}], "MillisBehindLatest": 0}
    call = parse(
        "records", 200, answers.plain_cbor(tree), ("Content-Type", "application/x-amz-cbor-1.1")
    )
    assert call.result == tree
    assert call.problems == ()


def test_old_sqs_client_gets_an_old_answer():
    body = """<ReceiveMessageResponse><ReceiveMessageResult><Message><MessageId>5fea7756</MessageId>
      <Body>This is a test message</Body>
      <Attribute><Name>SenderId</Name><Value>195004372649</Value></Attribute>
      <Attribute><Name>SentTimestamp</Name><Value>1238099229000</Value></Attribute>
      <MessageAttribute><Name>a</Name><Value><DataType>String</DataType>
        <StringValue>v</StringValue></Value></MessageAttribute></Message>
      <Message><MessageId>2</MessageId></Message></ReceiveMessageResult>
      <ResponseMetadata><RequestId>b6633655</RequestId></ResponseMetadata></ReceiveMessageResponse>"""
    call = response.parse(
        Call(service="sqs", operation="ReceiveMessage", protocol="query"),
        Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(body.encode())),
    )
    assert call.result == {
        "Messages": [
            {
                "MessageId": "5fea7756",
                "Body": "This is a test message",
                "Attributes": {"SenderId": "195004372649", "SentTimestamp": "1238099229000"},
                "MessageAttributes": {"a": {"DataType": "String", "StringValue": "v"}},
            },
            {"MessageId": "2"},
        ]
    }
    assert (call.request_id, call.problems) == ("b6633655", ())


@pytest.mark.parametrize(
    ("operation", "inside", "result"),
    [
        ("ListQueues", "<QueueUrl>u</QueueUrl><QueueUrl>v</QueueUrl>", {"QueueUrls": ["u", "v"]}),
        ("GetQueueUrl", "<QueueUrl>u</QueueUrl>", {"QueueUrl": "u"}),
        ("ListQueueTags", "<Tag><Key>a</Key><Value>b</Value></Tag>", {"Tags": {"a": "b"}}),
        (
            "SendMessageBatch",
            (
                "<SendMessageBatchResultEntry><Id>1</Id></SendMessageBatchResultEntry>"
                "<BatchResultErrorEntry><Id>2</Id><Message>no</Message></BatchResultErrorEntry>"
            ),
            {"Successful": [{"Id": "1"}], "Failed": [{"Id": "2", "Message": "no"}]},
        ),
    ],
)
def test_other_old_sqs_answers(operation, inside, result):
    body = f"<{operation}Response><{operation}Result>{inside}</{operation}Result></{operation}Response>"
    call = response.parse(
        Call(service="sqs", operation=operation, protocol="query"),
        Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(body.encode())),
    )
    assert call.result == result


def test_member_that_the_model_does_not_have_is_kept_with_a_doubt():
    call = parse("secret", 200, '{"Name": "n", "Novel": {"a": 1}, "__type": "x"}')
    assert call.result == {"Name": "n", "Novel": {"a": 1}}
    assert call.problems == ("unknown member 'Novel' in the response",)


def test_element_that_the_model_does_not_have_is_kept_with_a_doubt():
    body = "<R><vpcSet><item><vpcId>v</vpcId><novel>a</novel><novel>b</novel></item></vpcSet></R>"
    call = parse("ec2", 200, body)
    assert call.result == {"Vpcs": [{"VpcId": "v", "novel": ["a", "b"]}]}
    assert call.problems == ("unknown member 'novel' in the response",)


@pytest.mark.parametrize(
    ("service", "body"),
    [
        ("secret", '{"Name": "n", "Novel": {"MasterPassword": "s3cr3t"}, "AuthToken": "s3cr3t"}'),
        (
            "ec2",
            "<R><vpcSet><item><novel><authToken>s3cr3t</authToken></novel></item></vpcSet></R>",
        ),
    ],
)
def test_a_secret_in_what_the_model_does_not_have_is_redacted(service, body):
    call = parse(service, 200, body)

    assert "s3cr3t" not in str(Redactor(bytes(32)).call(call))


def test_a_doubt_about_the_answer_is_none_about_what_was_asked():
    asked = CALLS["dynamodb"].doubting("asked")
    junk = Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(b"junk"))

    call = decode.response(asked, junk)

    assert call.doubts_asked == ("asked",)
    assert len(call.problems) == 2


def test_null_is_absent_but_stays_in_lists_and_maps():
    body = {"Configuration": None, "Tags": {"a": None}}
    assert parse("lambda", 200, json.dumps(body)).result == {"Tags": {"a": None}}


def test_attribute_of_an_element():
    xsi = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CanonicalUser"'
    call = response.parse(
        Call(service="s3", operation="GetBucketAcl", protocol="rest-xml"),
        Response(
            status=200,
            http_version="HTTP/1.1",
            headers=(),
            body=Body.of(
                "<AccessControlPolicy><AccessControlList><Grant>"
                f"<Grantee {xsi}><ID>i</ID></Grantee><Permission>READ</Permission>"
                "</Grant></AccessControlList></AccessControlPolicy>".encode()
            ),
        ),
    )
    assert call.result == {
        "Grants": [{"Grantee": {"Type": "CanonicalUser", "ID": "i"}, "Permission": "READ"}]
    }


def test_flat_list_goes_by_the_name_of_its_items():
    body = "<R><ListDomainsResult><DomainName>a</DomainName><DomainName>b</DomainName></ListDomainsResult></R>"
    call = response.parse(
        Call(service="sdb", operation="ListDomains", protocol="query"),
        Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(body.encode())),
    )
    assert call.result == {"DomainNames": ["a", "b"]}


def test_member_and_list_of_the_same_name():
    body = "<N><QueueConfiguration><Event>a</Event><Event>b</Event></QueueConfiguration></N>"
    call = response.parse(
        Call(service="s3", operation="GetBucketNotification", protocol="rest-xml"),
        Response(status=200, http_version="HTTP/1.1", headers=(), body=Body.of(body.encode())),
    )
    assert call.result == {"QueueConfiguration": {"Event": "a", "Events": ["a", "b"]}}


# --- event streams


def test_events_are_counted():
    body = answers.frame({":event-type": "Records"}, b"x") * 2
    call = parse("select", 200, body + answers.frame({":event-type": "End"}, b""))
    assert call.result == {"Payload": EventStream(counts=Map({"Records": 2, "End": 1}))}


def test_initial_response_is_the_result():
    first = answers.frame({":event-type": "initial-response"}, b"{}")
    call = parse(
        "shards", 200, first + answers.frame({":event-type": "SubscribeToShardEvent"}, b"")
    )
    assert call.result == {"EventStream": EventStream(counts=Map({"SubscribeToShardEvent": 1}))}


def test_stream_that_was_not_kept_whole_is_counted_with_a_doubt():
    event = answers.frame({":event-type": "Records"}, b"x")
    body = Body(data=event + event[:9], length=9999, sha256=bytes(32))
    answer = Response(status=200, http_version="HTTP/1.1", headers=(), body=body)
    call = response.parse(CALLS["select"], answer)
    assert call.result["Payload"].counts == {"Records": 1}
    assert call.problems == (
        "response body was not kept whole",
        "event stream ends inside a frame",
    )


# --- errors


@pytest.mark.parametrize(
    ("name", "status", "body", "headers", "error"),
    [
        (
            "iam",
            404,
            (
                "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>m</Message></Error>"
                "<RequestId>r</RequestId></ErrorResponse>"
            ),
            {},
            Error(code="NoSuchEntity", message="m", shape="NoSuchEntityException"),
        ),
        (
            "ec2",
            400,
            (
                "<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>m</Message>"
                "</Error></Errors><RequestID>r</RequestID></Response>"
            ),
            {},
            Error(code="InvalidVpcID.NotFound", message="m"),
        ),
        (
            "dynamodb",
            400,
            '{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="ResourceNotFoundException", message="m", shape="ResourceNotFoundException"),
        ),
        (
            "dynamodb",
            400,
            '{"__type": "com.amazon.coral.validate#ValidationException", "Message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="ValidationException", message="m"),
        ),
        (
            "lambda",
            404,
            '{"Type": "User", "Message": "m"}',
            {
                "x-amzn-errortype": "ResourceNotFoundException:http://internal.amazon.com/coral/",
                "x-amzn-requestid": "r",
            },
            Error(code="ResourceNotFoundException", message="m", shape="ResourceNotFoundException"),
        ),
        (
            "lambda",
            400,
            '{"code": "ServiceException", "message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="ServiceException", message="m", shape="ServiceException"),
        ),
        (
            "sqs",
            400,
            '{"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "m"}',
            {
                "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender",
                "x-amzn-requestid": "r",
            },
            Error(
                code="AWS.SimpleQueueService.NonExistentQueue",
                message="m",
                shape="QueueDoesNotExist",
            ),
        ),
        (
            "metrics",
            404,
            answers.plain_cbor(
                {"__type": "com.amazonaws.cloudwatch#ResourceNotFound", "message": "m"}
            ),
            {"content-type": "application/cbor", "x-amzn-requestid": "r"},
            Error(code="ResourceNotFound", message="m", shape="DashboardNotFoundError"),
        ),
        (
            "s3",
            404,
            (
                "<Error><Code>NoSuchTagSet</Code><Message>m</Message><RequestId>r</RequestId>"
                "<HostId>h</HostId></Error>"
            ),
            {},
            Error(code="NoSuchTagSet", message="m"),
        ),
        (
            "get",
            404,
            "<Error><Code>NoSuchKey</Code><Message>m</Message><RequestId>r</RequestId></Error>",
            {},
            Error(code="NoSuchKey", message="m", shape="NoSuchKey"),
        ),
        (
            "oidc",
            400,
            '{"error": "authorization_pending", "error_description": "m"}',
            {"x-amzn-errortype": "AuthorizationPendingException", "x-amzn-requestid": "r"},
            Error(
                code="AuthorizationPendingException",
                message="m",
                shape="AuthorizationPendingException",
            ),
        ),
        (
            "route53",
            400,
            (
                "<InvalidChangeBatch><Messages><Message>m</Message></Messages><RequestId>r</RequestId>"
                "</InvalidChangeBatch>"
            ),
            {},
            Error(code="InvalidChangeBatch", message="m", shape="InvalidChangeBatch"),
        ),
        (
            "unknown",
            403,
            (
                "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>m</Message></Error>"
                "<RequestId>r</RequestId></ErrorResponse>"
            ),
            {},
            Error(code="SignatureDoesNotMatch", message="m"),
        ),
        (
            "unknown",
            400,
            '{"__type": "UnrecognizedClientException", "message": "m"}',
            {"x-amzn-requestid": "r"},
            Error(code="UnrecognizedClientException", message="m"),
        ),
    ],
)
def test_error(name, status, body, headers, error):
    call = parse(name, status, body, *headers.items())
    assert call.error == error
    assert call.result is None
    assert call.request_id == "r"


@pytest.mark.parametrize(
    ("name", "request_id"), [("ec2", "body"), ("iam", "body"), ("s3", "header")]
)
def test_request_id_is_the_one_that_boto3_shows(name, request_id):
    body = "<Error><Code>c</Code><RequestId>body</RequestId></Error>"
    call = parse(name, 400, body, ("x-amzn-RequestId", "header"))
    assert call.request_id == request_id


@pytest.mark.parametrize("name", ["copy", "s3"])
def test_error_under_status_200(name):
    body = (
        "<Error><Code>InternalError</Code><Message>m</Message><RequestId>r</RequestId>"
        "<HostId>h</HostId></Error>"
    )
    call = parse(name, 200, body)
    assert call.error == Error(code="InternalError", message="m")
    assert (call.result, call.request_id, call.host_id) == (None, "r", "h")


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (404, "Not Found"),
        (304, "Not Modified"),
        (301, "Moved Permanently"),
        (503, "Service Unavailable"),
    ],
)
def test_error_without_a_body_is_its_status(status, message):
    call = parse("head", status, b"", ("x-amz-request-id", "r"), ("x-amz-id-2", "h"))
    assert call.error == Error(code=str(status), message=message)
    assert (call.request_id, call.host_id) == ("r", "h")


@pytest.mark.parametrize(
    "body",
    [
        "<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>",
        "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01'><HTML><BODY>503</BODY></HTML>",
        "\r\n<HTML>\n",
    ],
)
@pytest.mark.parametrize("name", ["dynamodb", "s3", "iam", "metrics", "unknown"])
def test_page_of_a_load_balancer(name, body):
    call = parse(name, 503, body, ("Content-Type", "text/html"))
    assert call.error == Error(code="503", message="Service Unavailable")
    assert call.problems == ()


def test_plain_text_is_the_message():
    assert parse("dynamodb", 502, "upstream went away").error == Error(
        code="502", message="upstream went away"
    )


def test_error_body_that_was_not_kept_leaves_the_status():
    body = Body(data=b'{"__ty', length=700, sha256=bytes(32))
    answer = Response(status=400, http_version="HTTP/1.1", headers=(), body=body)
    call = response.parse(CALLS["dynamodb"], answer)
    assert call.error == Error(code="400", message="Bad Request")
    assert call.problems == ("response body was not kept whole",)


def test_redirect_after_a_browser_upload_is_success():
    call = parse("post", 303, b"", ("Location", "https://example.com/?key=k"), ("ETag", '"e"'))
    assert call.error is None
    assert call.result == {"Location": "https://example.com/?key=k", "ETag": '"e"'}


def test_refused_browser_upload():
    body = "<Error><Code>AccessDenied</Code><Message>m</Message></Error>"
    assert parse("post", 403, body).error == Error(code="AccessDenied", message="m")


def test_earlier_problems_stay():
    call = response.parse(
        Call(problems=("a",)), Response(status=200, http_version="HTTP/1.1", headers=())
    )
    assert call.problems == ("a",)


# --- hostile bodies

BILLION = """<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<AssumeRoleResponse>&b;</AssumeRoleResponse>"""


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("sts", BILLION),
        ("s3", BILLION),
        ("s3", "<a>" * 5000 + "</a>" * 5000),
        ("s3", "<Tagging"),
        ("dynamodb", '{"Item": ' + '{"M": {"a": ' * 5000 + "1" + "}}" * 5000 + "}"),
        ("dynamodb", '{"Item": {"k": {"L": ' + "[" * 100_000),
        ("dynamodb", "[1, 2]"),
        ("dynamodb", '{"Item": 7}'),
        ("dynamodb", b"\xff\xfe"),
        ("dynamodb", '{"ConsumedCapacity": {"CapacityUnits": 1' + "0" * 5000 + "}}"),
        ("metrics", b"\x9f" * 5000),
        ("metrics", b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff"),
        ("metrics", b"\xa1\x6aDashboardArn"),
        ("lambda", '"text"'),
    ],
)
def test_hostile_body_is_a_doubt(name, body):
    call = parse(name, 200, body)
    assert call.error is None
    assert call.problems


@pytest.mark.parametrize(("depth", "is_read"), [(32, True), (120, False)])
def test_only_so_deep(depth, is_read):
    body = '{"Item": {"k": ' + '{"M": {"a": ' * depth + '{"S": "x"}' + "}}" * depth + "}}"
    call = parse("dynamodb", 200, body)
    assert bool(call.result) is is_read
    assert call.problems == (() if is_read else ("response body is nested too deeply",))


@pytest.mark.parametrize("name", ["iam", "dynamodb", "metrics", "s3"])
def test_hostile_error_body_leaves_the_status(name):
    call = parse(name, 400, BILLION)
    assert call.error == Error(code="400", message="Bad Request")
    assert call.problems


def real_messages():
    """A few hundred responses of many operations in all protocols, successes and errors."""
    found = []
    for service in ("dynamodb", "lambda", "iam", "ec2", "s3", "kinesis", "cloudwatch", "route53"):
        model = models.service(service)
        for protocol in model.metadata.get("protocols") or [model.metadata["protocol"]]:
            for name in model.operation_names[::17]:
                operation = model.operation_model(name)
                rng = random.Random(name)
                call = Call(service=service, operation=name, protocol=protocol)
                if operation.output_shape is not None:
                    value = answers.Results(name, protocol).output(operation.output_shape)
                    found.append((call, answers.write(operation, protocol, value, rng)))
                for shape in operation.error_shapes[:1]:
                    written, _ = answers.refuse(protocol, shape, "m", rng, compatible=False)
                    found.append((call, written))
    return found


REAL = real_messages()


@settings(max_examples=400)
@given(data=st.data())
def test_mutated_messages_never_raise(data):
    call, written = data.draw(st.sampled_from(REAL))
    body = bytearray(written.body)
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 8))] = data.draw(
            st.binary(max_size=8) | st.sampled_from([b"<", b"{", b"[[", b"null", b"\xff", b"&x;"])
        )
    headers = [
        (name, data.draw(st.sampled_from([value, "", "junk", "9" * 400, "\xff,\x00"])))
        for name, value in written.headers
    ]
    if data.draw(st.booleans()):
        headers.append(("Content-Encoding", data.draw(st.sampled_from(["gzip", "x", ""]))))
    answer = Response(
        status=data.draw(st.sampled_from([written.status, 100, 204, 302, 500])),
        http_version="HTTP/1.1",
        headers=tuple(headers),
        body=Body.of(bytes(body)),
    )
    parsed = response.parse(call, answer)
    assert (parsed.error is None) == (parsed.result is not None)


@given(
    name=st.sampled_from(sorted(CALLS)),
    status=st.sampled_from([200, 206, 303, 400, 500, 599]),
    body=st.binary(max_size=100)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Item", "M", "L", "message", "__type", "Code", "Configuration"]),
                inner,
            )
        ),
    ).map(lambda tree: json.dumps(tree).encode()),
    content_type=st.sampled_from(["application/json", "application/cbor", "text/html", ""]),
)
def test_junk_never_raises(name, status, body, content_type):
    parse(name, status, body, ("Content-Type", content_type))
