"""EC2's requests about one attribute of a snapshot or an image.

Whatever way the client wrote it, the record says who is added or removed:
`createVolumePermission: {add: {items: [{userId: …}]}}` with the attribute's own type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apitrail.aws.call import Structure, Value
from apitrail.cloudtrail.spelling import lower_first, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attribute:
    """The permission attribute of one kind of resource, and its types' spelling in records."""

    id: str
    permission: str
    types: dict[str, str]

    def type_of(self, attribute: str) -> str:
        """An attribute's name as the record's `attributeType`."""
        return self.types.get(attribute, attribute)


_SNAPSHOT = _Attribute(
    id="SnapshotId",
    permission="CreateVolumePermission",
    types={
        "createVolumePermission": "CREATE_VOLUME_PERMISSION",
        "productCodes": "PRODUCT_CODES",
    },
)
_IMAGE = _Attribute(id="ImageId", permission="LaunchPermission", types={})

_MODIFY = {"ModifyImageAttribute": _IMAGE, "ModifySnapshotAttribute": _SNAPSHOT}
_NAME = {"DescribeSnapshotAttribute": _SNAPSHOT, "ResetSnapshotAttribute": _SNAPSHOT}

# List of the request's older form -> the key of a permission's item.
_HOLDERS = {
    "UserIds": "UserId",
    "GroupNames": "Group",
    "UserGroups": "Group",
    "OrganizationArns": "OrganizationArn",
    "OrganizationalUnitArns": "OrganizationalUnitArn",
}
_FORM = frozenset({"Attribute", "OperationType", "Value", "ProductCodes", *_HOLDERS})


def request(operation: str, parameters: Structure) -> Structure | None:
    """The whole `requestParameters`; None where the operation is not one of these."""
    if operation in _NAME:
        about = _NAME[operation]
        named = {"Attribute": "attributeType", about.id: lower_first(about.id)}
        return {
            named.get(name, lower_first(name)): _plain(about, name, value)
            for name, value in parameters.items()
            if name != "DryRun"
        }
    if operation not in _MODIFY:
        return None
    changed: Structure = plain(_modification(_MODIFY[operation], parameters))
    return changed


def _plain(about: _Attribute, name: str, value: Value) -> Value:
    return about.type_of(value) if name == "Attribute" and isinstance(value, str) else plain(value)


def _modification(about: _Attribute, parameters: Structure) -> Structure:
    permission = lower_first(about.permission)
    out = {lower_first(about.id): parameters.get(about.id)}
    attribute, content = _changed(about, parameters)
    if attribute is not None:
        out["attributeType"] = about.type_of(attribute)
        name = permission if content is not None and attribute == permission else attribute
        if content is not None:
            out[name] = content
    for name, value in parameters.items():
        known = name in _FORM or name in (about.id, about.permission, "Description", "DryRun")
        if not known and value is not None:
            out[lower_first(name)] = _item(value)
    return {name: value for name, value in out.items() if value is not None}


def _changed(about: _Attribute, parameters: Structure) -> tuple[str | None, Any]:
    """Which attribute is changed, and to what."""
    permission = lower_first(about.permission)
    attribute = parameters.get("Attribute")
    if isinstance(changes := parameters.get(about.permission), dict):
        return permission, _changes(changes)
    if isinstance(description := parameters.get("Description"), dict):
        return "description", {"value": description.get("Value")}
    held = [
        {lower_first(key): value}
        for name, key in _HOLDERS.items()
        for value in _list(parameters.get(name))
    ]
    if held:
        way = parameters.get("OperationType") or "add"
        return permission, {str(way): {"items": held}}
    if codes := _list(parameters.get("ProductCodes")):
        return "productCodes", {"items": [{"productCode": code} for code in codes]}
    if isinstance(attribute, str):
        value = parameters.get("Value")
        return attribute, None if value is None else {"value": value}
    return None, None


def _changes(changes: Structure) -> Structure:
    """`{"Add": [{"UserId": "…"}]}` becomes `{"add": {"items": [{"userId": "…"}]}}`."""
    return {
        lower_first(way): {"items": [_item(item) for item in _list(holders)]}
        for way, holders in changes.items()
        if _list(holders)
    }


def _item(item: Value) -> Value:
    if not isinstance(item, dict):
        return item
    return {lower_first(key): value for key, value in item.items() if value is not None}


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []
