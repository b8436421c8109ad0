"""What CloudTrail tells of DynamoDB's items: keys, and attribute names without values.

Tables' schemas are not known, so that an item put shows no key of its own.
"""

from __future__ import annotations

from apitrail.aws.call import Map, Structure, Value

# Members whose content is customer data: not told at all.
VALUES = frozenset({
    "AttributeUpdates", "ExclusiveStartKey", "Expected", "ExpressionAttributeValues",
    "KeyConditions", "Parameters", "QueryFilter", "ScanFilter",
})  # fmt: skip


def reduced(value: Value, depth: int = 32) -> Value:
    """Parameters with items as lists of their attribute names and keys without type tags."""
    if depth == 0:
        return None
    if isinstance(value, list):
        return [reduced(item, depth - 1) for item in value]
    if isinstance(value, Map):
        return Map({name: reduced(inner, depth - 1) for name, inner in value.items()})
    if isinstance(value, dict):
        return {
            name: _member(name, inner, depth) for name, inner in value.items() if name not in VALUES
        }
    return value


def _member(name: str, value: Value, depth: int) -> Value:
    if name == "Item" and isinstance(value, dict):
        return list(value)
    if name == "Key" and isinstance(value, dict):
        return _key(value)
    if name == "Keys" and isinstance(value, list):
        return [_key(key) if isinstance(key, dict) else key for key in value]
    return reduced(value, depth - 1)


def _key(attributes: Structure) -> Map:
    """`{"Id": {"S": "a"}}` becomes `{"Id": "a"}`."""
    return Map({name: _untagged(value) for name, value in attributes.items()})


def _untagged(value: Value) -> Value:
    return next(iter(value.values())) if isinstance(value, dict) and len(value) == 1 else value
