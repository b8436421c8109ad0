"""Calls of several items, taken apart: each part asks for an action of its own.

S3's deletion of many objects, DynamoDB's transactions, and statements of PartiQL.
"""

from __future__ import annotations

from collections.abc import Iterator

from apitrail.aws.call import Call, Structure, Value
from apitrail.iam.context_keys import statements
from apitrail.iam.plain_select import plain_select, verb

# A transaction's items, by what each does ("TransactWriteItems").
_ITEMS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Delete": "dynamodb:DeleteItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
}

# PartiQL's verbs and their actions ("IAM security policies with PartiQL for DynamoDB").
_PARTIQL = {
    "DELETE": "dynamodb:PartiQLDelete",
    "INSERT": "dynamodb:PartiQLInsert",
    "SELECT": "dynamodb:PartiQLSelect",
    "UPDATE": "dynamodb:PartiQLUpdate",
}

# Actions on objects that have a twin for versions of objects.
_VERSIONED = frozenset({
    "s3:DeleteObject", "s3:DeleteObjectTagging", "s3:GetObject", "s3:GetObjectAcl",
    "s3:GetObjectAttributes", "s3:GetObjectTagging", "s3:GetObjectTorrent", "s3:PutObjectAcl",
    "s3:PutObjectTagging",
})  # fmt: skip

type Part = tuple[str, Call]
"""The action that a part asks for, and the call with nothing but this part in its parameters."""


def parts(call: Call, name: str) -> list[Part]:
    """A call's parts; `name` is the action that the whole asks for."""
    match call.service, call.operation:
        case "s3", "DeleteObjects":
            found = _grouped(call, _deleted(call.parameters or {}, name))
        case "dynamodb", "TransactWriteItems":
            found = _grouped(call, _transacted(call.parameters or {}))
        case "dynamodb", "BatchExecuteStatement" | "ExecuteStatement" | "ExecuteTransaction":
            found = [
                (_stated(each), _with_statement(call, each)) for each in statements(call) or ()
            ]
        case "timestream-query", "Query":
            plain = all(map(plain_select, statements(call) or ("",)))
            found = [("timestream:Select" if plain else "timestream:Unload", call)]
        case "s3", _ if (call.parameters or {}).get("VersionId"):
            found = [(_of_version(name), call)]
        case _:
            found = []
    return found or [(name, call)]


def _of_version(name: str) -> str:
    return name.replace("Object", "ObjectVersion", 1) if name in _VERSIONED else name


def _grouped(call: Call, items: Iterator[tuple[str, str, Value]]) -> list[Part]:
    """One part for each action, with the items that ask for it."""
    groups: dict[str, tuple[str, list[Value]]] = {}
    for name, member, item in items:
        groups.setdefault(name, (member, []))[1].append(item)
    kept = call.parameters or {}
    return [
        (name, call.changed(parameters=kept | {member: inner(group)}))
        for name, (member, group) in groups.items()
        for inner in [_deletion if member == "Delete" else list]
    ]


def _deletion(items: list[Value]) -> Structure:
    return {"Objects": items}


def _deleted(parameters: Structure, name: str) -> Iterator[tuple[str, str, Value]]:
    deleted = parameters.get("Delete")
    items = deleted.get("Objects") if isinstance(deleted, dict) else None
    for item in items if isinstance(items, list) else ():
        versioned = isinstance(item, dict) and item.get("VersionId")
        yield (_of_version(name) if versioned else name), "Delete", item


def _transacted(parameters: Structure) -> Iterator[tuple[str, str, Value]]:
    items = parameters.get("TransactItems")
    for item in items if isinstance(items, list) else ():
        for member, name in _ITEMS.items():
            if isinstance(item, dict) and item.get(member) is not None:
                yield name, "TransactItems", {member: item[member]}


def _stated(statement: object) -> str:
    return _PARTIQL.get(verb(statement), "dynamodb:PartiQLUpdate")


def _with_statement(call: Call, statement: object) -> Call:
    return call.changed(operation="ExecuteStatement", parameters={"Statement": statement})
