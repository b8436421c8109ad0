"""What EC2's older records have though nobody sent it: empty sets, flags that are off."""

from __future__ import annotations

from collections.abc import Container, Mapping

from apitrail.aws.call import Structure

# Operation -> sets of its request, as `{}` where nothing was asked. Measured on real records;
# those of reads that no record was seen of are all lists that the model's request has.
STANDING_SETS = {
    f"Describe{operation}": tuple(sets.split())
    for operation, sets in {
        "AccountAttributes": "filterSet accountAttributeNameSet",
        "Addresses": "filterSet publicIpsSet allocationIdsSet",
        "AvailabilityZones": "availabilityZoneSet availabilityZoneIdSet",
        "BundleTasks": "filterSet bundleIdSet",
        "ClassicLinkInstances": "filterSet instancesSet",
        "ConversionTasks": "conversionTaskIdSet",
        "CustomerGateways": "filterSet customerGatewaySet",
        "DhcpOptions": "filterSet dhcpOptionsSet",
        "ExportTasks": "exportTaskIdSet",
        "Images": "filterSet executableBySet imagesSet ownersSet",
        "ImportImageTasks": "filterSet importTaskIdSet",
        "ImportSnapshotTasks": "filterSet importTaskIdSet",
        "Instances": "filterSet instancesSet",
        "InstanceStatus": "filterSet instancesSet",
        "InternetGateways": "filterSet internetGatewayIdSet",
        "KeyPairs": "filterSet keySet keyPairIdSet",
        "MovingAddresses": "filterSet publicIpsSet",
        "NetworkAcls": "filterSet networkAclIdSet",
        "NetworkInterfaces": "filterSet networkInterfaceIdSet",
        "PlacementGroups": "filterSet placementGroupSet placementGroupIdSet",
        "Regions": "regionSet",
        "ReservedInstances": "filterSet reservedInstancesSet",
        "ReservedInstancesListings": "filterSet",
        "ReservedInstancesModifications": "filterSet reservedInstancesModificationSet",
        "ReservedInstancesOfferings": "filterSet reservedInstancesOfferingIdSet",
        "RouteTables": "filterSet routeTableIdSet",
        "SecurityGroups": "filterSet securityGroupSet securityGroupIdSet",
        "Snapshots": "filterSet ownersSet snapshotSet sharedUsersSet",
        "SpotInstanceRequests": "filterSet spotInstanceRequestIdSet",
        "SpotPriceHistory": "instanceTypeSet productDescriptionSet",
        "Subnets": "filterSet subnetSet",
        "Tags": "filterSet",
        "VolumeStatus": "filterSet volumeSet",
        "Volumes": "filterSet volumeSet",
        "VpcClassicLink": "filterSet vpcSet",
        "VpcClassicLinkDnsSupport": "vpcSet",
        "VpcPeeringConnections": "filterSet vpcPeeringConnectionIdSet",
        "Vpcs": "filterSet vpcSet",
        "VpnConnections": "filterSet vpnConnectionSet",
        "VpnGateways": "filterSet vpnGatewaySet",
    }.items()
} | {
    "AuthorizeSecurityGroupEgress": ("ipPermissions",),
    "AuthorizeSecurityGroupIngress": ("ipPermissions",),
    "CreateNetworkAclEntry": ("icmpTypeCode", "portRange"),
    "CreateNetworkInterface": ("groupSet", "privateIpAddressesSet"),
    "ReplaceNetworkAclEntry": ("icmpTypeCode", "portRange"),
    "RevokeSecurityGroupEgress": ("ipPermissions",),
    "RevokeSecurityGroupIngress": ("ipPermissions",),
    "RunInstances": ("blockDeviceMapping",),
}

# Operation -> what its request has with EC2's default, where it was not sent.
STANDING_VALUES: dict[str, Structure] = {
    "AttachVolume": {"deleteOnTermination": False},
    "CreateKeyPair": {"keyFormat": "pem"},
    "DeleteVolume": {"reportVolumeFailure": False},
    "DescribeInstanceStatus": {"includeAllInstances": False},
    "DescribeKeyPairs": {"includePublicKey": False},
    "DetachVolume": {"force": False},
    "RunInstances": {
        "disableApiStop": False,
        "disableApiTermination": False,
        "monitoring": {"enabled": False},
    },
    "StopInstances": {"force": False},
}

# A member that only one structure of a request has -> the sets that structure always has.
_ASKED_STRUCTURES = {
    "IpProtocol": ("groups", "ipRanges", "ipv6Ranges", "prefixListIds"),
}

# The same of a result.
_ANSWERED_STRUCTURES = {
    "AmiLaunchIndex": ("productCodes", "blockDeviceMapping"),
    "InternetGatewayId": ("attachmentSet",),
    "MacAddress": ("ipv6AddressesSet", "tagSet"),
    "Entries": ("associationSet",),
    "ReservationId": ("groupSet",),
    "Routes": ("associationSet", "propagatingVgwSet"),
    "RuleAction": ("icmpTypeCode", "portRange"),
}

# Operation -> the structure in its result ("" is the result itself), and a set it always has.
_ANSWERS = {
    "CreateSnapshot": ("", "tagSet"),
    "CreateSubnet": ("subnet", "ipv6CidrBlockAssociationSet"),
    "CreateVolume": ("", "tagSet"),
    "CreateVpc": ("vpc", "ipv6CidrBlockAssociationSet"),
}

# Operations whose answer has `<return>true</return>` beside its members, which the model lacks.
RETURNING = frozenset({"AssignPrivateIpAddresses", "AssociateAddress", "CreateSecurityGroup"})


def complete_request(operation: str, request: Structure) -> None:
    """Add to an older request, in place, what it has by default."""
    for name in STANDING_SETS.get(operation, ()):
        request.setdefault(name, {})
    for name, value in STANDING_VALUES.get(operation, {}).items():
        request.setdefault(name, value)


def asked_sets(members: Container[str]) -> tuple[str, ...]:
    """The sets that a structure of a request has, asked or not."""
    return _standing(_ASKED_STRUCTURES, members)


def answered_sets(members: Container[str]) -> tuple[str, ...]:
    """The sets that a structure of a result has, answered or not."""
    return _standing(_ANSWERED_STRUCTURES, members)


def complete_result(operation: str, result: Structure) -> None:
    """Add to an older result, in place, what it has by default."""
    if operation in _ANSWERS:
        place, name = _ANSWERS[operation]
        structure = result.get(place) if place else result
        if isinstance(structure, dict):
            structure.setdefault(name, {})


def _standing(table: Mapping[str, tuple[str, ...]], members: Container[str]) -> tuple[str, ...]:
    return next((sets for member, sets in table.items() if member in members), ())
