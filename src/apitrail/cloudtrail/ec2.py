"""How CloudTrail writes EC2's requests and results: sets of items, or `<Operation>Request`.

It does not know botocore's models: the names they would give are tables here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from apitrail.aws.call import Blob, EventStream
from apitrail.cloudtrail.secret import Rules
from apitrail.cloudtrail.spelling import DEEPEST, epoch_milliseconds, lower_first, scalar

XMLNS = "http://ec2.amazonaws.com/doc/2016-11-15/"

# Operations since about 2016 are written with their wire names under `<Operation>Request`
# and `<Operation>Response`. Those seen in real records, and their families.
NEWER = re.compile(
    r"""
    AddressesAttribute|AddressAttribute|BlockPublicAccess|CapacityReservation|CarrierGateway
    |ClientVpn|CoipPool|ConnectEndpoint|CreateDefault(?:Subnet|Vpc)|DefaultKmsKeyId
    |EbsEncryptionByDefault|EgressOnlyInternetGateway|FastLaunch|FastSnapshotRestore|Fleet(?!s?$)
    |CreateFleet|DeleteFleets|ModifyFleet|DescribeFleets|FlowLogs|FpgaImage
    |IamInstanceProfileAssociation|AssociateIamInstanceProfile|DisassociateIamInstanceProfile
    |ReplaceIamInstanceProfile|InstanceCreditSpecification|InstanceEventWindow
    |InstanceMetadataDefaults|InstanceTypeOfferings|InstanceTypes|Ipam|LaunchTemplate
    |LocalGateway|ManagedPrefixList|NatGateway|NetworkInsights|ReplaceRootVolumeTask
    |SecurityGroupRules|SerialConsole|SnapshotTier|TrafficMirror|TransitGateway|TrunkInterface
    |VerifiedAccess|VpcEndpoint
    """,
    re.VERBOSE,
)

# List member of a request -> (set's name, element's name). Measured on real records; others
# follow the rule of `request_set`.
REQUEST_SETS = {
    "AllocationIds": ("allocationIdsSet", "allocationId"),
    "BlockDeviceMappings": ("blockDeviceMapping", ""),
    "Groups": ("groupSet", "groupId"),
    "GroupIds": ("securityGroupIdSet", "groupId"),
    "GroupNames": ("securityGroupSet", "groupName"),
    "ImageIds": ("imagesSet", "imageId"),
    "InstanceIds": ("instancesSet", "instanceId"),
    "IpPermissions": ("ipPermissions", ""),
    "IpRanges": ("ipRanges", ""),
    "Ipv6Addresses": ("ipv6AddressesSet", "ipv6Address"),
    "Ipv6Ranges": ("ipv6Ranges", ""),
    "KeyNames": ("keySet", "keyName"),
    "NetworkInterfaceIds": ("networkInterfaceIdSet", "networkInterfaceId"),
    "NetworkInterfaces": ("networkInterfaceSet", ""),
    "Owners": ("ownersSet", "owner"),
    "PrefixListIds": ("prefixListIds", ""),
    "PrivateIpAddresses": ("privateIpAddressesSet", "privateIpAddress"),
    "PublicIps": ("publicIpsSet", "publicIp"),
    "RegionNames": ("regionSet", "regionName"),
    "Resources": ("resourcesSet", "resourceId"),
    "RouteTableIds": ("routeTableIdSet", "routeTableId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "SecurityGroups": ("groupSet", "groupName"),
    "SnapshotIds": ("snapshotSet", "snapshotId"),
    "SubnetIds": ("subnetSet", "subnetId"),
    "UserIdGroupPairs": ("groups", ""),
    "Values": ("valueSet", "value"),
    "VolumeIds": ("volumeSet", "volumeId"),
    "VpcIds": ("vpcSet", "vpcId"),
    "ZoneNames": ("availabilityZoneSet", "zoneName"),
}

# `Operation.Member` of a request -> its name, where the wire's differs from the member's.
REQUEST_NAMES = {
    "CreateSecurityGroup.Description": "groupDescription",
    "CreateVolume.AvailabilityZone": "zone",
}

# RunInstances nests what describes the instances.
RUN_INSTANCES_ITEM = ("ImageId", "MinCount", "MaxCount", "KeyName")

# List member of a result -> its name on the wire, where `result_set`'s rule gives another.
RESULT_SETS = {
    "AllocationMetadata": "allocationMetadataList",
    "AssignedIpv6Addresses": "assignedIpv6Addresses",
    "AssignedPrivateIpAddresses": "assignedPrivateIpAddressesSet",
    "BgpConfigurations": "bgpConfigurations",
    "BlockDeviceMappings": "blockDeviceMapping",
    "CancelledSpotInstanceRequests": "spotInstanceRequestSet",
    "ConnectionEvents": "connectionEvents",
    "ConnectionStatuses": "connectionStatuses",
    "DeregisteredNetworkInterfaceIds": "deregisteredNetworkInterfaceIds",
    "Failed": "failed",
    "FcaPolicyAssociationFailures": "fcaPolicyAssociationFailures",
    "FcaPolicyAssociations": "fcaPolicyAssociations",
    "FcaPolicyDisassociationFailures": "fcaPolicyDisassociationFailures",
    "FcaPolicyDisassociations": "fcaPolicyDisassociations",
    "InsideCidrBlocks": "insideCidrBlocks",
    "InstanceCounts": "instanceCounts",
    "InstanceMonitorings": "instancesSet",
    "Instances": "instancesSet",
    "IpRanges": "ipRanges",
    "Ipv6Addresses": "ipv6AddressesSet",
    "Ipv6Ranges": "ipv6Ranges",
    "LoadPermissions": "loadPermissions",
    "PrefixListIds": "prefixListIds",
    "PriceSchedules": "priceSchedules",
    "PrivateIpAddresses": "privateIpAddressesSet",
    "ProductCodes": "productCodes",
    "Purchase": "purchase",
    "RegisteredNetworkInterfaceIds": "registeredNetworkInterfaceIds",
    "ReservedInstancesListings": "reservedInstancesListingsSet",
    "SecurityGroups": "groupSet",
    "ServiceType": "serviceType",
    "StartingInstances": "instancesSet",
    "StoppingInstances": "instancesSet",
    "TerminatingInstances": "instancesSet",
    "TransitGatewayAttachments": "transitGatewayAttachments",
    "TransitGatewayCidrBlocks": "transitGatewayCidrBlocks",
    "UnassignedIpv6Addresses": "unassignedIpv6Addresses",
    "Unsuccessful": "unsuccessful",
    "UserIdGroupPairs": "groups",
    "VgwTelemetry": "vgwTelemetry",
    "VpcAttachments": "attachments",
    "Successful": "successful",
}

# Members of an instance (the structure that has an `AmiLaunchIndex`) with other wire names.
INSTANCE_NAMES = {
    "PublicDnsName": "dnsName",
    "PublicIpAddress": "ipAddress",
    "State": "instanceState",
    "StateTransitionReason": "reason",
}

# Scalar members of any result with other wire names.
RESULT_NAMES = {
    "BundleTaskError": "error",
    "ExportToS3Task": "exportToS3",
    "InstanceExportDetails": "instanceExport",
    "IsDefault": "default",
    "ProductCodeId": "productCode",
    "ProductCodeType": "type",
    "VpcAttachment": "attachment",
}


def is_newer(operation: str) -> bool:
    """Is it written under `<Operation>Request`?"""
    return NEWER.search(operation) is not None


def request(operation: str, parameters: dict[str, Any], rules: Rules) -> dict[str, Any] | None:
    """`requestParameters`, or None where nothing was asked."""
    if not parameters:
        return None
    if is_newer(operation):
        return {f"{operation}Request": _Newer(rules=rules).request(parameters, 0)}
    writer = _Older(operation=operation, rules=rules)
    if operation != "RunInstances":
        return writer.request(parameters, 0)
    nested = {name: parameters[name] for name in RUN_INSTANCES_ITEM if name in parameters}
    rest = {name: value for name, value in parameters.items() if name not in nested}
    return {"instancesSet": {"items": [writer.request(nested, 1)]}, **writer.request(rest, 0)}


def result(
    operation: str, members: dict[str, Any], request_id: str | None, rules: Rules
) -> dict[str, Any]:
    """`responseElements` of a call that succeeded."""
    if is_newer(operation):
        body = _Newer(rules=rules).result(members, 0)
        return {
            f"{operation}Response": {"xmlns": XMLNS, **body}
            | ({"requestId": request_id} if request_id else {})
        }
    head: dict[str, Any] = {"requestId": request_id} if request_id else {}
    # EC2 answers `<return>true</return>` where the model has no result at all.
    body = _Older(operation=operation, rules=rules).result(members, 0) if members else {}
    if not members or "Return" in members:
        body.pop("return", None)
        head["_return"] = members.get("Return", True)
    return {**head, **body}


def singular(name: str) -> str:
    """`InstanceIds` becomes `InstanceId`, as EC2's wire names do."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def request_set(name: str) -> tuple[str, str]:
    """A request list's name and the name of its scalar elements."""
    if name in REQUEST_SETS:
        return REQUEST_SETS[name]
    one = lower_first(singular(name))
    return (lower_first(name) if name.endswith("Set") else f"{one}Set"), one


def result_set(name: str) -> str:
    """A result list's name."""
    if name in RESULT_SETS:
        return RESULT_SETS[name]
    return lower_first(name) if name.endswith("Set") else f"{lower_first(singular(name))}Set"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    rules: Rules

    def _shown(self, members: dict[str, Any]) -> list[tuple[str, Any]]:
        """The members that a record has, with the hidden ones marked."""
        marked = self.rules.marked
        return [
            (name, marked.get(name, value))
            for name, value in members.items()
            if value is not None
            and name not in self.rules.dropped
            and not isinstance(value, (Blob, EventStream))
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Older(_Writer):
    """`instancesSet.items[].instanceId`."""

    operation: str

    def request(self, members: dict[str, Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in self._shown(members):
            if not isinstance(value, list):
                spelled = REQUEST_NAMES.get(f"{self.operation}.{name}") or lower_first(name)
                out[spelled] = self._request_value(value, depth)
            elif name == "Tags" and "ResourceType" in members:
                # A tag specification's tags are a plain list.
                out["tags"] = [self._request_value(tag, depth) for tag in value]
            else:
                label, element = request_set(name)
                out[label] = _items([self._element(item, element, depth) for item in value])
        return out

    def _element(self, item: Any, name: str, depth: int) -> Any:
        value = self._request_value(item, depth)
        return value if isinstance(value, dict) or not name else {name: value}

    def _request_value(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.request(value, depth + 1)
        if isinstance(value, list):
            return [self._request_value(item, depth + 1) for item in value]
        return scalar(value, epoch_milliseconds)

    def result(self, members: dict[str, Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        special = INSTANCE_NAMES if "AmiLaunchIndex" in members else {}
        for name, value in self._shown(members):
            if isinstance(value, list):
                items = [self._result_value(item, depth) for item in value]
                label = result_set(name)
                # The one set whose elements real records call `item`.
                out[label] = _items(items, "item" if label == "privateIpAddressesSet" else "items")
            else:
                spelled = special.get(name) or RESULT_NAMES.get(name) or lower_first(name)
                out[spelled] = self._result_value(value, depth)
        return out

    def _result_value(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.result(value, depth + 1)
        if isinstance(value, list):
            return [self._result_value(item, depth + 1) for item in value]
        return scalar(value, epoch_milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newer(_Writer):
    """`CreateFlowLogsRequest.ResourceId.{tag, content}`."""

    def request(self, members: dict[str, Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in self._shown(members):
            if isinstance(value, list):
                tagged = [self._tagged(i, item, depth) for i, item in enumerate(value, 1)]
                out[singular(name)] = tagged[0] if len(tagged) == 1 else tagged
            else:
                out[name] = self._value(value, depth)
        return out

    def _tagged(self, number: int, item: Any, depth: int) -> dict[str, Any]:
        value = self._value(item, depth)
        inner = value if isinstance(value, dict) else {"content": value}
        return {"tag": number, **inner}

    def _value(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.request(value, depth + 1)
        if isinstance(value, list):
            return [self._value(item, depth + 1) for item in value]
        return scalar(value, epoch_milliseconds)

    def result(self, members: dict[str, Any], depth: int) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in self._shown(members):
            if isinstance(value, list):
                items = [self._result_value(item, depth) for item in value]
                one: Any = items[0] if len(items) == 1 else items
                out[result_set(name)] = {"item": one} if items else ""
            else:
                out[RESULT_NAMES.get(name) or lower_first(name)] = self._result_value(value, depth)
        return out

    def _result_value(self, value: Any, depth: int) -> Any:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.result(value, depth + 1)
        if isinstance(value, list):
            return [self._result_value(item, depth + 1) for item in value]
        return scalar(value, epoch_milliseconds)


def _items(elements: list[Any], label: str = "items") -> dict[str, Any]:
    """A set; an empty one is `{}`."""
    return {label: elements} if elements else {}
