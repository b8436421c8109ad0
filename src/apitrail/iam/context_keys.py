"""Context keys that a call's own parameters tell, as IAM names them, in lower case."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

from apitrail.aws.call import Call, Map, Structure, Value
from apitrail.iam.action import Keys
from apitrail.iam.plain_select import plain_select

# (IAM's prefix, member) -> key, where the value is the member's own ("Condition keys for …").
_MEMBERS = {
    ("ec2", "InstanceType"): "ec2:instancetype",
    ("s3", "ACL"): "s3:x-amz-acl",
    ("s3", "CopySource"): "s3:x-amz-copy-source",
    ("s3", "Delimiter"): "s3:delimiter",
    ("s3", "MaxKeys"): "s3:max-keys",
    ("s3", "Prefix"): "s3:prefix",
    ("s3", "ServerSideEncryption"): "s3:x-amz-server-side-encryption",
    ("s3", "SSEKMSKeyId"): "s3:x-amz-server-side-encryption-aws-kms-key-id",
    ("s3", "StorageClass"): "s3:x-amz-storage-class",
    ("s3", "VersionId"): "s3:versionid",
}
MEMBER_KEYS = frozenset(_MEMBERS.values())
MEMBERS = frozenset(member for _, member in _MEMBERS)
"""Members whose values can be asked for."""

# Where a call holds its statements of SQL, and whether they are a list of its own kind.
_STATEMENTS = {
    ("athena", "StartQueryExecution"): ("QueryString",),
    ("dynamodb", "BatchExecuteStatement"): ("Statements", "Statement"),
    ("dynamodb", "ExecuteStatement"): ("Statement",),
    ("dynamodb", "ExecuteTransaction"): ("TransactStatements", "Statement"),
    ("rds-data", "BatchExecuteStatement"): ("sql",),
    ("rds-data", "ExecuteSql"): ("sqlStatements",),
    ("rds-data", "ExecuteStatement"): ("sql",),
    ("redshift-data", "BatchExecuteStatement"): ("Sqls",),
    ("redshift-data", "ExecuteStatement"): ("Sql",),
    ("timestream-query", "Query"): ("QueryString",),
}


def statements(call: Call) -> list[object] | None:
    """The statements of SQL or PartiQL that a call holds; None where it is no such call."""
    path = _STATEMENTS.get((call.service or "", call.operation or ""))
    if path is None:
        return None
    found = (call.parameters or {}).get(path[0])
    items = found if isinstance(found, list) else [found]
    if len(path) == 1:
        return list(items)
    return [item.get(path[1]) if isinstance(item, dict) else None for item in items]


def of_call(call: Call, prefix: str) -> Keys:
    """What the request itself tells."""
    parameters = call.parameters or {}
    found: dict[str, tuple[str, ...]] = {}
    for name, value in parameters.items():
        key = _MEMBERS.get((prefix, name))
        if key is not None and isinstance(value, (str, int)):
            found[key] = (str(value),)
    tags = dict(_tags(parameters))
    if tags:
        found |= {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
        found["aws:tagkeys"] = tuple(tags)
    elif (removed := parameters.get("TagKeys") or parameters.get("tagKeys")) is not None:
        found["aws:tagkeys"] = tuple(map(str, removed if isinstance(removed, list) else ()))
    asked = statements(call)
    if asked is not None:
        plain = bool(asked) and all(map(plain_select, asked))
        found["apitrail:plainselect"] = ("true" if plain else "false",)
    return found


def _tags(parameters: Structure) -> Iterator[tuple[str, str]]:
    for name, value in parameters.items():
        if name.lower() in {"tags", "taglist", "tagset"}:
            yield from _pairs(value)
        elif name == "Tagging" and isinstance(value, str):
            yield from parse_qsl(value, keep_blank_values=True)
        elif name in {"Tagging", "CreateBucketConfiguration"} and isinstance(value, dict):
            yield from _pairs(value.get("TagSet") or value.get("Tags"))
        elif name == "TagSpecifications" and isinstance(value, list):
            for each in value:
                yield from _pairs(each.get("Tags") if isinstance(each, dict) else None)


def _pairs(value: Value) -> Iterator[tuple[str, str]]:
    """Tags as a map, or as a list of pairs in any of AWS's spellings."""
    if isinstance(value, (Map, dict)) and "Items" not in value:
        yield from ((str(key), str(text)) for key, text in value.items())
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict):
            lower = {name.lower(): text for name, text in item.items()}
            key = lower.get("key", lower.get("tagkey"))
            if key is not None:
                yield str(key), str(lower.get("value", lower.get("tagvalue", "")) or "")
