"""EC2's operations whose records are written in the older style, with sets of items."""

from __future__ import annotations

# Verb -> what follows it. These are the operations of EC2's API version 2016-09-15 but for those
# that real records show under `<Operation>Request`, such as flow logs, NAT gateways and VPC
# endpoints. All later operations are written so.
_OLDER = {
    "Accept": "ReservedInstancesExchangeQuote VpcPeeringConnection",
    "Allocate": "Address",
    "Assign": "PrivateIpAddresses",
    "Associate": "Address DhcpOptions RouteTable",
    "Attach": "ClassicLinkVpc InternetGateway NetworkInterface Volume VpnGateway",
    "Authorize": "SecurityGroupEgress SecurityGroupIngress",
    "Bundle": "Instance",
    "Cancel": (
        "BundleTask ConversionTask ExportTask ImportTask ReservedInstancesListing "
        "SpotInstanceRequests"
    ),
    "Confirm": "ProductInstance",
    "Copy": "Image Snapshot",
    "Create": (
        "CustomerGateway DhcpOptions Image InstanceExportTask InternetGateway KeyPair "
        "NetworkAcl NetworkAclEntry NetworkInterface PlacementGroup ReservedInstancesListing "
        "Route RouteTable SecurityGroup Snapshot SpotDatafeedSubscription Subnet Tags Volume "
        "Vpc VpcPeeringConnection VpnConnection VpnConnectionRoute VpnGateway"
    ),
    "Delete": (
        "CustomerGateway DhcpOptions InternetGateway KeyPair NetworkAcl NetworkAclEntry "
        "NetworkInterface PlacementGroup Route RouteTable SecurityGroup Snapshot "
        "SpotDatafeedSubscription Subnet Tags Volume Vpc VpcPeeringConnection VpnConnection "
        "VpnConnectionRoute VpnGateway"
    ),
    "Deregister": "Image",
    "Describe": (
        "AccountAttributes Addresses AvailabilityZones BundleTasks ClassicLinkInstances "
        "ConversionTasks CustomerGateways DhcpOptions ExportTasks HostReservationOfferings "
        "HostReservations IdFormat IdentityIdFormat ImageAttribute Images ImportImageTasks "
        "ImportSnapshotTasks InstanceAttribute InstanceStatus Instances InternetGateways "
        "KeyPairs MovingAddresses NetworkAcls NetworkInterfaceAttribute NetworkInterfaces "
        "PlacementGroups PrefixLists Regions ReservedInstances ReservedInstancesListings "
        "ReservedInstancesModifications ReservedInstancesOfferings RouteTables "
        "ScheduledInstanceAvailability ScheduledInstances SecurityGroupReferences "
        "SecurityGroups SnapshotAttribute Snapshots SpotDatafeedSubscription "
        "SpotInstanceRequests SpotPriceHistory StaleSecurityGroups Subnets Tags "
        "VolumeAttribute VolumeStatus Volumes VpcAttribute VpcClassicLink "
        "VpcClassicLinkDnsSupport VpcPeeringConnections Vpcs VpnConnections VpnGateways"
    ),
    "Detach": "ClassicLinkVpc InternetGateway NetworkInterface Volume VpnGateway",
    "Disable": "VgwRoutePropagation VpcClassicLink VpcClassicLinkDnsSupport",
    "Disassociate": "Address RouteTable",
    "Enable": "VgwRoutePropagation VolumeIO VpcClassicLink VpcClassicLinkDnsSupport",
    "Get": (
        "ConsoleOutput HostReservationPurchasePreview PasswordData ReservedInstancesExchangeQuote"
    ),
    "Import": "Image Instance KeyPair Snapshot Volume",
    "Modify": (
        "IdFormat IdentityIdFormat ImageAttribute InstanceAttribute InstancePlacement "
        "NetworkInterfaceAttribute ReservedInstances SnapshotAttribute SubnetAttribute "
        "VolumeAttribute VpcAttribute VpcPeeringConnectionOptions"
    ),
    "Monitor": "Instances",
    "Move": "AddressToVpc",
    "Purchase": "HostReservation ReservedInstancesOffering ScheduledInstances",
    "Reboot": "Instances",
    "Register": "Image",
    "Reject": "VpcPeeringConnection",
    "Release": "Address",
    "Replace": "NetworkAclAssociation NetworkAclEntry Route RouteTableAssociation",
    "Report": "InstanceStatus",
    "Request": "SpotInstances",
    "Reset": "ImageAttribute InstanceAttribute NetworkInterfaceAttribute SnapshotAttribute",
    "Restore": "AddressToClassic",
    "Revoke": "SecurityGroupEgress SecurityGroupIngress",
    "Run": "Instances ScheduledInstances",
    "Start": "Instances",
    "Stop": "Instances",
    "Terminate": "Instances",
    "Unassign": "PrivateIpAddresses",
    "Unmonitor": "Instances",
}

OLDER = frozenset(f"{verb}{name}" for verb, names in _OLDER.items() for name in names.split())


def is_newer(operation: str) -> bool:
    """Is it written under `<Operation>Request`?"""
    return operation not in OLDER
