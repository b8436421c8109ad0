"""EC2's two styles of requests and results, with cases as real records have them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apitrail.aws.call import Redacted
from apitrail.cloudtrail.ec2_names import result_set, singular
from apitrail.cloudtrail.ec2_operations import is_newer
from apitrail.cloudtrail.parameters import request_parameters, response_elements
from cloudtrail.traffic import call, exchange


def asked(operation, parameters):
    return request_parameters(exchange(), call("ec2", operation, parameters))


def answered(operation, result, request_id="r-1"):
    made = call("ec2", operation, result=result, request_id=request_id)
    return response_elements(exchange(), made)


@pytest.mark.parametrize(
    ("operation", "parameters", "recorded"),
    [
        ("TerminateInstances", {"InstanceIds": ["i-1", "i-2"]},
         {"instancesSet": {"items": [{"instanceId": "i-1"}, {"instanceId": "i-2"}]}}),
        ("DescribeInstances",
         {"Filters": [{"Name": "tag:a", "Values": ["b", "c"]}], "MaxResults": 5},
         {"filterSet": {"items": [{"name": "tag:a",
                                   "valueSet": {"items": [{"value": "b"}, {"value": "c"}]}}]},
          "maxResults": 5, "instancesSet": {}}),
        ("DescribeImages", {"Owners": ["self"], "ImageIds": ["ami-1"]},
         {"ownersSet": {"items": [{"owner": "self"}]},
          "imagesSet": {"items": [{"imageId": "ami-1"}]}, "filterSet": {}, "executableBySet": {}}),
        ("DescribeSecurityGroups", {"GroupIds": ["sg-1"], "GroupNames": ["web"]},
         {"securityGroupIdSet": {"items": [{"groupId": "sg-1"}]},
          "securityGroupSet": {"items": [{"groupName": "web"}]}, "filterSet": {}}),
        ("DescribeSnapshots", {"OwnerIds": ["self"], "RestorableByUserIds": ["all"]},
         {"ownersSet": {"items": [{"owner": "self"}]},
          "sharedUsersSet": {"items": [{"user": "all"}]}, "filterSet": {}, "snapshotSet": {}}),
        ("DescribeInstanceStatus", {},
         {"filterSet": {}, "instancesSet": {}, "includeAllInstances": False}),
        ("DescribeRegions", {"AllRegions": True}, {"allRegions": True, "regionSet": {}}),
        ("DescribeSpotPriceHistory",
         {"StartTime": datetime(2023, 8, 1, 1, 33, 7, tzinfo=UTC), "InstanceTypes": ["c3.large"]},
         {"startTime": 1690853587000,
          "instanceTypeSet": {"items": [{"instanceType": "c3.large"}]},
          "productDescriptionSet": {}}),
        ("CreateTags", {"Resources": ["i-1"], "Tags": [{"Key": "a", "Value": "b"}]},
         {"resourcesSet": {"items": [{"resourceId": "i-1"}]},
          "tagSet": {"items": [{"key": "a", "value": "b"}]}}),
        ("CreateSecurityGroup", {"GroupName": "g", "Description": "d", "VpcId": "vpc-1"},
         {"groupName": "g", "groupDescription": "d", "vpcId": "vpc-1"}),
        ("CreateVolume", {"AvailabilityZone": "a", "Size": 8}, {"zone": "a", "size": "8"}),
        ("CreateVolume", {"KmsKeyId": "alias/k", "DryRun": True},
         {"masterEncryptionKeyId": "alias/k"}),
        ("CreateNetworkAclEntry",
         {"NetworkAclId": "acl-1", "Protocol": "6", "PortRange": {"From": 7, "To": 9}},
         {"networkAclId": "acl-1", "aclProtocol": "6", "portRange": {"from": 7, "to": 9},
          "icmpTypeCode": {}}),
        ("StopInstances", {"InstanceIds": ["i-1"]},
         {"instancesSet": {"items": [{"instanceId": "i-1"}]}, "force": False}),
        ("StopInstances", {"Force": True}, {"force": True}),
        ("DescribeVpcClassicLink", {"VpcIds": ["vpc-1"]},
         {"vpcSet": {"item": [{"vpcId": "vpc-1"}]}, "filterSet": {}}),
        ("CreateTags", {"Resources": ["i-1"], "Tags": [{"Key": "a", "Value": ""}]},
         {"resourcesSet": {"items": [{"resourceId": "i-1"}]}, "tagSet": {"items": [{"key": "a"}]}}),
        ("AuthorizeSecurityGroupIngress",
         {"GroupId": "sg-1", "IpPermissions": [{
             "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
             "IpRanges": [{"CidrIp": "0.0.0.0/0"}], "UserIdGroupPairs": []}]},
         {"groupId": "sg-1", "ipPermissions": {"items": [{
             "ipProtocol": "tcp", "fromPort": 22, "toPort": 22,
             "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "groups": {},
             "ipv6Ranges": {}, "prefixListIds": {}}]}}),
        ("ModifyInstanceAttribute", {"InstanceId": "i-1", "DisableApiTermination": {"Value": True}},
         {"instanceId": "i-1", "disableApiTermination": {"value": True}}),
        ("AllocateAddress", {}, None),
    ],
)  # fmt: skip
def test_older_request(operation, parameters, recorded):
    assert asked(operation, parameters) == recorded


def test_run_instances_nests_what_describes_the_instances():
    parameters = {
        "ImageId": "ami-1",
        "MinCount": 1,
        "MaxCount": 2,
        "KeyName": "k",
        "InstanceType": "t3.micro",
        "SecurityGroupIds": ["sg-1"],
        "UserData": Redacted("digest"),
        "NetworkInterfaces": [{"DeviceIndex": 0, "Groups": ["sg-1"]}],
        "TagSpecifications": [
            {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "test"}]}
        ],
    }
    assert asked("RunInstances", parameters) == {
        "instancesSet": {
            "items": [{"imageId": "ami-1", "minCount": 1, "maxCount": 2, "keyName": "k"}]
        },
        "instanceType": "t3.micro",
        "groupSet": {"items": [{"groupId": "sg-1"}]},
        "userData": "<sensitiveDataRemoved>",
        "networkInterfaceSet": {
            "items": [{"deviceIndex": 0, "groupSet": {"items": [{"groupId": "sg-1"}]}}]
        },
        "tagSpecificationSet": {
            "items": [{"resourceType": "instance", "tags": [{"key": "Name", "value": "test"}]}]
        },
        "blockDeviceMapping": {},
        "disableApiStop": False,
        "disableApiTermination": False,
        "monitoring": {"enabled": False},
    }


@pytest.mark.parametrize(
    ("operation", "parameters", "recorded"),
    [
        ("DeleteFlowLogs", {"FlowLogIds": ["fl-1"]}, {"FlowLogId": {"tag": 1, "content": "fl-1"}}),
        ("DescribeInstanceTypes", {"InstanceTypes": ["a", "b"]},
         {"InstanceType": [{"tag": 1, "content": "a"}, {"tag": 2, "content": "b"}]}),
        ("DescribeInstanceTypes", {}, ""),
        ("DescribeInstanceTypes", {"Filters": [{"Name": "burstable", "Values": ["true"]}]},
         {"Filter": {"tag": 1, "Name": "burstable", "Value": {"tag": 1, "content": True}}}),
        ("DescribeInstanceTypeOfferings", {"Filters": [{"Name": "instance-type", "Values": [""]}]},
         {"Filter": {"tag": 1, "Name": "instance-type", "Value": {"tag": 1}}}),
        ("CreateVpcEndpoint",
         {"VpcId": "vpc-1", "TagSpecifications": [
             {"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "e"}]}]},
         {"VpcId": "vpc-1", "TagSpecification": {
             "tag": 1, "ResourceType": "vpc-endpoint",
             "Tag": {"tag": 1, "Key": "Name", "Value": "e"}}}),
        ("CreateLaunchTemplate",
         {"LaunchTemplateName": "n", "LaunchTemplateData": {"NetworkInterfaces": [
             {"SubnetId": "subnet-1", "Groups": ["sg-1"]}]}},
         {"LaunchTemplateName": "n", "LaunchTemplateData": {"NetworkInterface": {
             "tag": 1, "SubnetId": "subnet-1",
             "SecurityGroupId": {"tag": 1, "content": "sg-1"}}}}),
        ("DescribeTransitGateways", {"TransitGatewayIds": ["tgw-1"]},
         {"TransitGatewayIds": {"tag": 1, "content": "tgw-1"}}),
        ("CreateCapacityReservation", {"EndDate": datetime(2023, 8, 8, 17, 37, tzinfo=UTC)},
         {"EndDate": "2023-08-08T17:37:00.000Z"}),
    ],
)  # fmt: skip
def test_newer_request(operation, parameters, recorded):
    assert asked(operation, parameters) == {f"{operation}Request": recorded}


@pytest.mark.parametrize(
    "operation",
    ["DescribeNatGateways", "CreateFlowLogs", "DescribeLaunchTemplateVersions", "DescribeHosts",
     "EnableSerialConsoleAccess", "CancelCapacityReservation", "DescribeSecurityGroupRules",
     "GetEbsEncryptionByDefault", "DescribeManagedPrefixLists", "AssociateIamInstanceProfile",
     "DescribeAddressesAttribute", "DescribeEgressOnlyInternetGateways", "GetConsoleScreenshot",
     "ModifyInstanceMetadataOptions", "ModifyVolume", "AnOperationOfTomorrow"],
)  # fmt: skip
def test_newer_operation(operation):
    assert is_newer(operation)


@pytest.mark.parametrize(
    "operation",
    ["RunInstances", "DescribeRegions", "DescribeInstances", "AuthorizeSecurityGroupIngress",
     "CreateVolume", "DescribeInternetGateways", "DescribeInstanceStatus", "CreateKeyPair",
     "DescribeSpotInstanceRequests", "AllocateAddress"],
)  # fmt: skip
def test_older_operation(operation):
    assert not is_newer(operation)


def test_result_of_run_instances_has_the_wires_names():
    instance = {
        "AmiLaunchIndex": 0,
        "InstanceId": "i-1",
        "State": {"Code": 0, "Name": "pending"},
        "PublicDnsName": "d",
        "StateTransitionReason": "",
        "LaunchTime": datetime(2024, 4, 2, 15, 13, 6, tzinfo=UTC),
        "SecurityGroups": [{"GroupId": "sg-1"}],
        "BlockDeviceMappings": [],
        "Tags": [{"Key": "Name", "Value": "test"}],
        "NetworkInterfaces": [{"PrivateIpAddresses": [{"Primary": True}], "Ipv6Addresses": []}],
    }
    assert answered("RunInstances", {"ReservationId": "r", "Instances": [instance]}) == {
        "requestId": "r-1",
        "reservationId": "r",
        "groupSet": {},
        "instancesSet": {
            "items": [
                {
                    "amiLaunchIndex": 0,
                    "instanceId": "i-1",
                    "instanceState": {"code": 0, "name": "pending"},
                    "dnsName": "d",
                    "launchTime": 1712070786000,
                    "groupSet": {"items": [{"groupId": "sg-1"}]},
                    "blockDeviceMapping": {},
                    "productCodes": {},
                    "tagSet": {"items": [{"key": "Name", "value": "test"}]},
                    "networkInterfaceSet": {
                        "items": [
                            {
                                "privateIpAddressesSet": {"item": [{"primary": True}]},
                                "ipv6AddressesSet": {},
                            }
                        ]
                    },
                }
            ]
        },
    }


def test_boolean_result_is_called_return_with_an_underscore():
    assert answered("DeleteSecurityGroup", {}) == {"requestId": "r-1", "_return": True}
    assert answered("AuthorizeSecurityGroupIngress", {"Return": True}) == {
        "requestId": "r-1",
        "_return": True,
    }
    assert answered("CreateTags", {"Return": False}) == {"requestId": "r-1", "_return": False}


def test_created_key_is_not_told():
    result = {"KeyName": "k", "KeyMaterial": Redacted("digest")}
    assert answered("CreateKeyPair", result) == {
        "requestId": "r-1",
        "keyName": "k",
        "keyMaterial": "<sensitiveDataRemoved>",
    }


def test_newer_result_is_the_answers_xml():
    result = {"FlowLogIds": ["fl-1"], "Unsuccessful": [], "ClientToken": "t"}
    assert answered("CreateFlowLogs", result) == {
        "CreateFlowLogsResponse": {
            "xmlns": "http://ec2.amazonaws.com/doc/2016-11-15/",
            "flowLogIdSet": {"item": "fl-1"},
            "unsuccessful": "",
            "clientToken": "t",
            "requestId": "r-1",
        }
    }


def test_reads_have_no_result():
    assert answered("DescribeInstances", {"Reservations": []}) is None


@pytest.mark.parametrize(
    ("plural", "one"),
    [("InstanceIds", "InstanceId"), ("Policies", "Policy"), ("Addresses", "Address"),
     ("Ipv6Prefixes", "Ipv6Prefix"), ("Access", "Access"), ("Set", "Set")],
)  # fmt: skip
def test_singular(plural, one):
    assert singular(plural) == one


@pytest.mark.parametrize(
    ("member", "wire"),
    [("Tags", "tagSet"), ("TerminatingInstances", "instancesSet"), ("ProductCodes", "productCodes"),
     ("CidrBlockAssociationSet", "cidrBlockAssociationSet"), ("Volumes", "volumeSet")],
)  # fmt: skip
def test_result_set(member, wire):
    assert result_set(member) == wire


@pytest.mark.parametrize(
    ("operation", "parameters", "recorded"),
    [
        ("ModifyVpcAttribute", {"VpcId": "vpc-1", "EnableDnsSupport": {"Value": True}},
         {"vpcId": "vpc-1", "enableDnsSupport": {"value": True}}),
        ("DescribeInstanceAttribute", {"InstanceId": "i-1", "Attribute": "userData"},
         {"instanceId": "i-1", "attribute": "userData"}),
    ],
)  # fmt: skip
def test_other_attributes_are_as_they_were_asked(operation, parameters, recorded):
    assert asked(operation, parameters) == recorded


def test_newer_answer_without_members_returned():
    response = answered("DeleteVpcEndpoints", {})
    assert response["DeleteVpcEndpointsResponse"]["return"] is True


def test_created_volume_has_its_size_as_a_text():
    assert answered("CreateVolume", {"VolumeId": "vol-1", "Size": 8, "AvailabilityZone": "a"}) == {
        "requestId": "r-1",
        "volumeId": "vol-1",
        "size": "8",
        "zone": "a",
        "tagSet": {},
    }


def test_answer_that_returns_beside_its_members():
    assert answered("CreateSecurityGroup", {"GroupId": "sg-1"}) == {
        "requestId": "r-1",
        "_return": True,
        "groupId": "sg-1",
    }
