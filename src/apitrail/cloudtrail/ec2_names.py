"""EC2's names in CloudTrail's records, which botocore's models do not give."""

from __future__ import annotations

from collections.abc import Container

from apitrail.cloudtrail.spelling import lower_first

# List member of a newer request -> its wire name, where it is not the singular.
NEWER_LISTS = {
    "AddAllowedPrincipals": "AddAllowedPrincipals",
    "AssociationIds": "AssociationIds",
    "ConnectionEvents": "ConnectionEvents",
    "Groups": "SecurityGroupId",
    "Ipv6Addresses": "Ipv6Addresses",
    "LaunchTemplateConfigs": "LaunchTemplateConfigs",
    "Overrides": "Overrides",
    "PrivateIpAddresses": "PrivateIpAddresses",
    "RemoveAllowedPrincipals": "RemoveAllowedPrincipals",
    "Versions": "LaunchTemplateVersion",
}

# List member of a request -> (set's name, element's name). Measured on real records; others
# follow the rule of `request_set`.
REQUEST_SETS = {
    "AllocationIds": ("allocationIdsSet", "allocationId"),
    "AttributeNames": ("accountAttributeNameSet", "attributeName"),
    "BlockDeviceMappings": ("blockDeviceMapping", ""),
    "CustomerGatewayIds": ("customerGatewaySet", "customerGatewayId"),
    "DhcpOptionsIds": ("dhcpOptionsSet", "dhcpOptionsId"),
    "ExecutableUsers": ("executableBySet", "user"),
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
    "OwnerIds": ("ownersSet", "owner"),
    "Owners": ("ownersSet", "owner"),
    "PrefixListIds": ("prefixListIds", ""),
    "PrivateIpAddresses": ("privateIpAddressesSet", "privateIpAddress"),
    "PublicIps": ("publicIpsSet", "publicIp"),
    "RegionNames": ("regionSet", "regionName"),
    "ReservedInstancesIds": ("reservedInstancesSet", "reservedInstancesId"),
    "Resources": ("resourcesSet", "resourceId"),
    "RestorableByUserIds": ("sharedUsersSet", "user"),
    "RouteTableIds": ("routeTableIdSet", "routeTableId"),
    "SecurityGroupIds": ("groupSet", "groupId"),
    "SecurityGroups": ("groupSet", "groupName"),
    "SnapshotIds": ("snapshotSet", "snapshotId"),
    "SubnetIds": ("subnetSet", "subnetId"),
    "UserIdGroupPairs": ("groups", ""),
    "Values": ("valueSet", "value"),
    "VolumeIds": ("volumeSet", "volumeId"),
    "VpnConnectionIds": ("vpnConnectionSet", "vpnConnectionId"),
    "VpnGatewayIds": ("vpnGatewaySet", "vpnGatewayId"),
    "VpcIds": ("vpcSet", "vpcId"),
    "ZoneIds": ("availabilityZoneIdSet", "zoneId"),
    "ZoneNames": ("availabilityZoneSet", "zoneName"),
}

# `Operation.Member` -> the same, where one operation differs from the others.
OPERATION_SETS = {
    "DescribePlacementGroups.GroupIds": ("placementGroupIdSet", "groupId"),
    "DescribePlacementGroups.GroupNames": ("placementGroupSet", "groupName"),
}

# `Operation.Member` of a request -> its name, where the wire's differs from the member's.
REQUEST_NAMES = {
    "CopySnapshot.KmsKeyId": "masterEncryptionKeyId",
    "CreateNetworkAclEntry.Protocol": "aclProtocol",
    "CreateSecurityGroup.Description": "groupDescription",
    "CreateVolume.AvailabilityZone": "zone",
    "CreateVolume.KmsKeyId": "masterEncryptionKeyId",
    "DescribeImageAttribute.Attribute": "attributeType",
    "ReplaceNetworkAclEntry.Protocol": "aclProtocol",
    "ResetImageAttribute.Attribute": "attributeType",
}

# Reads of ClassicLink call the elements of their sets `item`, as `<VpcId>` lists do not.
ITEM_OPERATIONS = frozenset({
    "DescribeClassicLinkInstances", "DescribeVpcClassicLink", "DescribeVpcClassicLinkDnsSupport",
})  # fmt: skip

# `Operation.Member` whose number real records have as a text, in request and result.
TEXTS = frozenset({"CreateSnapshot.VolumeSize", "CreateVolume.Size"})

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

# Set of a result -> what real records call its elements, where it is not `items`.
RESULT_ITEMS = {
    "assignedPrivateIpAddressesSet": "assignedPrivateIpAddressSetType",
    "privateIpAddressesSet": "item",
}

# Operations that answer with one structure at the top, which is completed as below it.
TOP_SETS = frozenset({"RunInstances"})

# What a newer result calls them instead.
NEWER_RESULT_SETS = {
    "BlockDeviceMappings": "blockDeviceMappingSet",
    "Instances": "fleetInstanceSet",
    "LicenseSpecifications": "licenseSet",
    "SecurityGroups": "securityGroupSet",
}

# Structures of older results with other wire names, by a member that only they have.
RESULT_STRUCTURES: dict[str, dict[str, str]] = {
    "AmiLaunchIndex": {
        "PublicDnsName": "dnsName",
        "PublicIpAddress": "ipAddress",
        "State": "instanceState",
        "StateTransitionReason": "reason",
    },
    "NetworkAclId": {"IsDefault": "default"},
    "RuleAction": {"Protocol": "aclProtocol"},
    "SnapshotId": {"State": "status", "StateMessage": "statusMessage"},
    "VolumeId": {
        "State": "status",
        "AvailabilityZone": "zone",
        "KmsKeyId": "masterEncryptionKeyId",
    },
}

# Scalar members of any result with other wire names.
RESULT_NAMES = {
    "BundleTask": "bundleInstanceTask",
    "BundleTaskError": "error",
    "ExportToS3Task": "exportToS3",
    "InstanceExportDetails": "instanceExport",
    "ProductCodeId": "productCode",
    "ProductCodeType": "type",
    "VpcAttachment": "attachment",
}


def singular(name: str) -> str:
    """`InstanceIds` becomes `InstanceId`, as EC2's wire names do."""
    if name.endswith("ies"):
        return name[:-3] + "y"
    if name.endswith(("sses", "xes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name


def newer_list(operation: str, name: str) -> str:
    """A list's name in a newer request: the wire's, which repeats it for each element."""
    if "TransitGateway" in operation and name.startswith(("SubnetIds", "Tag", "TransitGateway")):
        return name
    return NEWER_LISTS.get(name) or singular(name)


def request_set(operation: str, name: str) -> tuple[str, str]:
    """A request list's name and the name of its scalar elements."""
    known = OPERATION_SETS.get(f"{operation}.{name}") or REQUEST_SETS.get(name)
    if known:
        return known
    one = lower_first(singular(name))
    return (lower_first(name) if name.endswith("Set") else f"{one}Set"), one


def structure_names(members: Container[str]) -> dict[str, str]:
    """The odd wire names of an older result's structure."""
    for member, names in RESULT_STRUCTURES.items():
        if member in members:
            return names
    return {}


def newer_result_set(name: str) -> str:
    """A list's name in a newer result."""
    return NEWER_RESULT_SETS.get(name) or result_set(name)


def result_set(name: str) -> str:
    """A result list's name."""
    if name in RESULT_SETS:
        return RESULT_SETS[name]
    return lower_first(name) if name.endswith("Set") else f"{lower_first(singular(name))}Set"
