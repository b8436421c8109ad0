"""How CloudTrail writes EC2's requests and results: sets of items, or `<Operation>Request`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apitrail.aws.call import Blob, EventStream, Structure, Value
from apitrail.cloudtrail import ec2_attributes
from apitrail.cloudtrail.ec2_defaults import (
    RETURNING,
    answered_sets,
    asked_sets,
    complete_request,
    complete_result,
)
from apitrail.cloudtrail.ec2_names import (
    ITEM_OPERATIONS,
    REQUEST_NAMES,
    RESULT_ITEMS,
    RESULT_NAMES,
    RUN_INSTANCES_ITEM,
    TEXTS,
    TOP_SETS,
    newer_list,
    newer_result_set,
    request_set,
    result_set,
    structure_names,
)
from apitrail.cloudtrail.ec2_operations import is_newer
from apitrail.cloudtrail.hidden import Rules
from apitrail.cloudtrail.spelling import (
    DEEPEST,
    epoch_milliseconds,
    iso_milliseconds,
    lower_first,
    scalar,
    told,
)

XMLNS = "http://ec2.amazonaws.com/doc/2016-11-15/"

# Members of a request that no record has.
UNTOLD = frozenset({"DryRun", "PresignedUrl"})

# The newer style comes from XML by a converter that takes these words for booleans.
WORDS = {"true": True, "false": False}


def request(operation: str, parameters: Structure, rules: Rules) -> Structure | None:
    """`requestParameters`; None for an older operation of which nothing was asked."""
    parameters = {name: value for name, value in parameters.items() if name not in UNTOLD}
    if is_newer(operation):
        body = _Newer(operation=operation, rules=rules).request(parameters, 0)
        return {f"{operation}Request": body or ""}
    if (attribute := ec2_attributes.request(operation, parameters)) is not None:
        return attribute or None
    writer = _Older(operation=operation, rules=rules)
    out = writer.request(parameters, 0)
    if operation == "RunInstances":
        out = _run_instances(writer, parameters)
    complete_request(operation, out)
    return out or None


def _run_instances(writer: _Older, parameters: Structure) -> Structure:
    """What describes the instances is an item of their set."""
    nested = {name: parameters[name] for name in RUN_INSTANCES_ITEM if name in parameters}
    rest = {name: value for name, value in parameters.items() if name not in nested}
    return {"instancesSet": {"items": [writer.request(nested, 1)]}, **writer.request(rest, 0)}


def result(operation: str, members: Structure, request_id: str | None, rules: Rules) -> Structure:
    """`responseElements` of a call that succeeded: EC2's request id, then its answer.

    An answer without members, `<return>true</return>` on the wire, is `_return`.
    """
    told = {"requestId": request_id} if request_id else {}
    if is_newer(operation):
        body = _Newer(operation=operation, rules=rules).result(members, 0) or {"return": True}
        return {f"{operation}Response": {"xmlns": XMLNS, **body, **told}}
    body = _Older(operation=operation, rules=rules).result(members, 0)
    accepted = body.pop("return", None if members and operation not in RETURNING else True)
    complete_result(operation, body)
    if accepted is None:
        return {**told, **body}
    return {**told, "_return": WORDS.get(accepted, accepted), **body}


def _shown(members: Structure, rules: Rules) -> list[tuple[str, Any]]:
    """The members that a record has, with the hidden ones marked."""
    return [
        (told(name), rules.marked.get(name, value))
        for name, value in members.items()
        if value is not None
        and name not in rules.dropped
        and not isinstance(value, (Blob, EventStream))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Older:
    """`instancesSet.items[].instanceId`."""

    operation: str
    rules: Rules

    def request(self, members: Structure, depth: int) -> Structure:
        out: Structure = {}
        for name, value in _shown(members, self.rules):
            if not isinstance(value, list):
                spelled = REQUEST_NAMES.get(f"{self.operation}.{name}") or lower_first(name)
                out[spelled] = self._text(name, self._asked(value, depth))
            elif name == "Tags" and "ResourceType" in members:
                # A tag specification's tags are a plain list.
                out["tags"] = [self._asked(tag, depth) for tag in value]
            else:
                label, element = request_set(self.operation, name)
                items = [self._element(item, element, depth) for item in value]
                one = "item" if self.operation in ITEM_OPERATIONS else "items"
                out[label] = _items(items, one)
        if "Key" in members and out.get("value") == "":
            del out["value"]  # a tag without a value
        for name in asked_sets(members) if depth else ():
            out.setdefault(name, {})
        return out

    def _element(self, item: Value, name: str, depth: int) -> Value:
        value = self._asked(item, depth)
        return value if isinstance(value, dict) or not name else {name: value}

    def _asked(self, value: Value, depth: int) -> Value:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.request(value, depth + 1)
        if isinstance(value, list):
            return [self._asked(item, depth + 1) for item in value]
        return scalar(value, epoch_milliseconds)

    def result(self, members: Structure, depth: int) -> Structure:
        out: Structure = {}
        special = structure_names(members)
        for name, value in _shown(members, self.rules):
            if isinstance(value, list):
                items = [self._answered(item, depth) for item in value]
                label = result_set(name)
                out[label] = _items(items, RESULT_ITEMS.get(label, "items"))
            elif value != "":  # older records leave empty texts out
                spelled = special.get(name) or RESULT_NAMES.get(name) or lower_first(name)
                out[spelled] = self._text(name, self._answered(value, depth))
        for name in answered_sets(members) if depth or self.operation in TOP_SETS else ():
            out.setdefault(name, {})
        return out

    def _text(self, name: str, value: Value) -> Value:
        """A size as the text that records have of it."""
        return str(value) if f"{self.operation}.{name}" in TEXTS else value

    def _answered(self, value: Value, depth: int) -> Value:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.result(value, depth + 1)
        if isinstance(value, list):
            return [self._answered(item, depth + 1) for item in value]
        return scalar(value, epoch_milliseconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newer:
    """`CreateFlowLogsRequest.ResourceId.{tag, content}`."""

    operation: str
    rules: Rules

    def request(self, members: Structure, depth: int) -> Structure:
        out: Structure = {}
        for name, value in _shown(members, self.rules):
            if isinstance(value, list):
                tagged = [self._tagged(i, item, depth) for i, item in enumerate(value, 1)]
                out[newer_list(self.operation, name)] = _one(tagged)
            else:
                out[name] = self._asked(value, depth)
        return out

    def _tagged(self, number: int, item: Value, depth: int) -> Structure:
        value = self._asked(item, depth)
        if isinstance(value, dict):
            return {"tag": number, **value}
        return {"tag": number} if value == "" else {"tag": number, "content": value}

    def _asked(self, value: Value, depth: int) -> Value:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.request(value, depth + 1) or ""
        if isinstance(value, list):
            return [self._asked(item, depth + 1) for item in value]
        return _converted(value)

    def result(self, members: Structure, depth: int) -> Structure:
        out: Structure = {}
        for name, value in _shown(members, self.rules):
            if isinstance(value, list):
                items = [self._answered(item, depth) for item in value]
                out[newer_result_set(name)] = {"item": _one(items)} if items else ""
            else:
                out[RESULT_NAMES.get(name) or lower_first(name)] = self._answered(value, depth)
        return out

    def _answered(self, value: Value, depth: int) -> Value:
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            return self.result(value, depth + 1) or ""
        if isinstance(value, list):
            return [self._answered(item, depth + 1) for item in value]
        return _converted(value)


def _items(elements: list[Value], label: str = "items") -> Structure:
    """A set; an empty one is `{}`."""
    return {label: elements} if elements else {}


def _one(elements: list[Value]) -> Value:
    """CloudTrail's converter from XML makes a list only of repeated elements."""
    return elements[0] if len(elements) == 1 else elements


def _converted(value: Value) -> Value:
    plain = scalar(value, iso_milliseconds)
    return WORDS.get(plain, plain) if isinstance(plain, str) else plain
