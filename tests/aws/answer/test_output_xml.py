"""Results out of XML."""

from __future__ import annotations

from apitrail.aws.answer import response
from apitrail.aws.call import Call
from apitrail.exchange import Body, Response
from aws.responses import parse


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


def test_element_that_the_model_does_not_have_is_kept_with_a_doubt():
    body = "<R><vpcSet><item><vpcId>v</vpcId><novel>a</novel><novel>b</novel></item></vpcSet></R>"
    call = parse("ec2", 200, body)
    assert call.result == {"Vpcs": [{"VpcId": "v", "novel": ["a", "b"]}]}
    assert call.problems == ("unknown member 'novel' in the response",)


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
