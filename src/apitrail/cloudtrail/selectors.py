"""Event selectors, basic and advanced, as CloudTrail has them: which records are handed on.

It does not know what they are applied to, and nothing is recorded the less for them.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from apitrail.aws.call import Structure, Value
from apitrail.errors import FormatError

FILE = "selectors.json"

# Limits and values: "PutEventSelectors" in CloudTrail's API reference.
MOST_BASIC = 5
MOST_DATA_RESOURCES = 250
MOST_VALUES = 500
NAME_LIMIT = 1000
VALUE_LIMIT = 2048
READ_WRITE = {"All": (True, False), "ReadOnly": (True,), "WriteOnly": (False,)}
DATA_TYPES = frozenset({"AWS::S3::Object", "AWS::Lambda::Function", "AWS::DynamoDB::Table"})
EXCLUDABLE = frozenset({"kms.amazonaws.com", "rdsdata.amazonaws.com"})
CATEGORIES = frozenset({"Management", "Data", "NetworkActivity"})
FIELDS = frozenset(
    {
        "eventCategory", "eventName", "eventSource", "eventType", "readOnly", "resources.type",
        "resources.ARN", "userIdentity.arn", "sessionCredentialFromConsole", "errorCode",
        "vpcEndpointId",
    }
)  # fmt: skip
EQUALS_ONLY = frozenset({"eventCategory", "readOnly", "resources.type"})

# Operator → how a value compares, and whether a match speaks for the record or against it.
OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "Equals": (operator.eq, True),
    "StartsWith": (str.startswith, True),
    "EndsWith": (str.endswith, True),
    "NotEquals": (operator.eq, False),
    "NotStartsWith": (str.startswith, False),
    "NotEndsWith": (str.endswith, False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataResource:
    """Data events of one type of resource, by the ARNs that `values` begin or are."""

    type: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, value: Value) -> Self:
        """Raises FormatError."""
        fields = _object(value, {"Type", "Values"}, "data resource")
        if fields.get("Type") not in DATA_TYPES:
            raise FormatError(
                f"a basic selector has no data resources of type {fields.get('Type')!r}"
            )
        return cls(type=fields["Type"], values=_strings(fields.get("Values", []), "Values"))

    def to_json(self) -> Structure:
        """As in the API."""
        return {"Type": self.type, "Values": list(self.values)}

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Does the record touch such a resource?"""
        return any(self._names(arn) for kind, arn in _resources(record) if kind == self.type)

    def _names(self, arn: str) -> bool:
        # `arn:aws:lambda` is all functions; S3's are prefixes, the others whole ARNs.
        return any(
            arn.startswith(value)
            if self.type == "AWS::S3::Object" or value.count(":") == 2
            else arn == value
            for value in self.values
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """A basic event selector."""

    read_write: str = "All"
    management: bool = True
    data: tuple[DataResource, ...] = ()
    excluded: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: Value) -> Self:
        """Raises FormatError."""
        known = {
            "ReadWriteType", "IncludeManagementEvents", "DataResources",
            "ExcludeManagementEventSources",
        }  # fmt: skip
        fields = _object(value, known, "event selector")
        read_write = fields.get("ReadWriteType", "All")
        if read_write not in READ_WRITE:
            raise FormatError(f"no ReadWriteType: {read_write!r}")
        management = fields.get("IncludeManagementEvents", True)
        if not isinstance(management, bool):
            raise FormatError(f"IncludeManagementEvents is not true or false: {management!r}")
        excluded = _strings(fields.get("ExcludeManagementEventSources", []), "excluded sources")
        if unknown := set(excluded) - EXCLUDABLE:
            raise FormatError(f"an event source that cannot be excluded: {min(unknown)!r}")
        data = tuple(map(DataResource.parse, _list(fields.get("DataResources", []))))
        return cls(read_write=read_write, management=management, data=data, excluded=excluded)

    def to_json(self) -> Structure:
        """As in the API."""
        return {
            "ReadWriteType": self.read_write,
            "IncludeManagementEvents": self.management,
            "DataResources": [item.to_json() for item in self.data],
            "ExcludeManagementEventSources": list(self.excluded),
        }

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Is the record selected?"""
        if bool(record.get("readOnly")) not in READ_WRITE[self.read_write]:
            return False
        if record.get("eventCategory") == "Management":
            return self.management and record.get("eventSource") not in self.excluded
        return any(item.matches(record) for item in self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSelector:
    """Conditions on one field, all of which hold: operator and values, one of which matches."""

    field: str
    conditions: tuple[tuple[str, tuple[str, ...]], ...]

    @classmethod
    def parse(cls, value: Value) -> Self:
        """Raises FormatError."""
        fields = _object(value, {"Field", *OPERATORS}, "field selector")
        field = fields.get("Field")
        if field not in FIELDS:
            raise FormatError(f"no field to select by: {field!r}")
        conditions = tuple(
            (name, _strings(fields[name], name)) for name in OPERATORS if fields.get(name)
        )
        if not conditions:
            raise FormatError(f"no condition on {field}")
        if field in EQUALS_ONLY and [name for name, _ in conditions] != ["Equals"]:
            raise FormatError(f"{field} can only be compared by Equals")
        return cls(field=field, conditions=conditions)

    def to_json(self) -> Structure:
        """As in the API."""
        return {"Field": self.field} | {name: list(values) for name, values in self.conditions}

    def matches(self, found: list[str]) -> bool:
        """Do these values of the field satisfy every condition?"""
        return all(_holds(name, wanted, found) for name, wanted in self.conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """An advanced event selector: all of its fields must match."""

    name: str | None
    fields: tuple[FieldSelector, ...]

    @classmethod
    def parse(cls, value: Value) -> Self:
        """Raises FormatError. Unlike CloudTrail's, ours may leave out `resources.type`."""
        given = _object(value, {"Name", "FieldSelectors"}, "advanced event selector")
        name = given.get("Name")
        if name is not None and (not isinstance(name, str) or len(name) > NAME_LIMIT):
            raise FormatError(f"a selector's name has at most {NAME_LIMIT} characters")
        fields = tuple(map(FieldSelector.parse, _list(given.get("FieldSelectors", []))))
        category = [item for item in fields if item.field == "eventCategory"]
        if len(category) != 1 or not set(category[0].conditions[0][1]) <= CATEGORIES:
            raise FormatError(f"a selector needs eventCategory, one of {sorted(CATEGORIES)}")
        if len({item.field for item in fields}) < len(fields):
            raise FormatError("a field is selected by twice")
        return cls(name=name, fields=fields)

    def to_json(self) -> Structure:
        """As in the API."""
        named = {} if self.name is None else {"Name": self.name}
        return named | {"FieldSelectors": [item.to_json() for item in self.fields]}

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Is the record selected?"""
        kinds = [
            kind
            for item in self.fields
            if item.field == "resources.type"
            for _, wanted in item.conditions
            for kind in wanted
        ]
        return all(item.matches(_values(record, item.field, kinds)) for item in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selectors:
    """A trail's selectors, of one sort or the other; a record is selected if one of them matches.

    `custom` is whether somebody put them; until then every record is selected.
    """

    basic: tuple[Basic, ...] = ()
    advanced: tuple[Advanced, ...] = ()
    custom: bool = True

    @classmethod
    def parse(cls, value: Value) -> Self:
        """From PutEventSelectors' members; raises FormatError."""
        fields = _object(value, {"EventSelectors", "AdvancedEventSelectors"}, "event selectors")
        basic = tuple(map(Basic.parse, _list(fields.get("EventSelectors") or [])))
        advanced = tuple(map(Advanced.parse, _list(fields.get("AdvancedEventSelectors") or [])))
        if bool(basic) is bool(advanced):
            raise FormatError("event selectors are either basic or advanced, and at least one")
        if len(basic) > MOST_BASIC:
            raise FormatError(f"more than {MOST_BASIC} event selectors")
        resources = sum(len(item.values) for selector in basic for item in selector.data)
        if resources > MOST_DATA_RESOURCES:
            raise FormatError(f"more than {MOST_DATA_RESOURCES} data resources")
        conditions = (c for s in advanced for item in s.fields for c in item.conditions)
        if sum(len(values) for _, values in conditions) > MOST_VALUES:
            raise FormatError(f"more than {MOST_VALUES} values")
        return cls(basic=basic, advanced=advanced)

    def to_json(self) -> Structure:
        """As in the API; inverse of `parse`."""
        if self.basic:
            return {"EventSelectors": [item.to_json() for item in self.basic]}
        return {"AdvancedEventSelectors": [item.to_json() for item in self.advanced]}

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Is this CloudTrail record to be handed on?"""
        return any(item.matches(record) for item in self.basic) or any(
            item.matches(record) for item in self.advanced
        )


def _all(category: str) -> Advanced:
    selector = FieldSelector(field="eventCategory", conditions=(("Equals", (category,)),))
    return Advanced(name=f"All {category.lower()} events", fields=(selector,))


EVERYTHING = Selectors(advanced=(_all("Management"), _all("Data")), custom=False)


# -- the state beside the trail --------------------------------------------------------------


def load(directory: Path) -> Selectors:
    """The selectors that were put for the trail in `directory`; else all records.

    Raises:
        FormatError: the file was edited into something else.
    """
    state = state_of(directory)
    chosen = {name: state[name] for name in state if name != "InsightSelectors"}
    return Selectors.parse(chosen) if chosen else EVERYTHING


def state_of(directory: Path) -> Structure:
    """The members of PutEventSelectors and PutInsightSelectors as they were last put."""
    try:
        state = json.loads((directory / FILE).read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError as error:
        raise FormatError(f"{FILE} is not JSON: {error}") from error
    if not isinstance(state, dict):
        raise FormatError(f"{FILE} is not an object")
    return state


# -- reading records and requests ------------------------------------------------------------


def _resources(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = record.get("resources") or []
    return [
        (str(item.get("type") or ""), str(item.get("ARN") or item.get("ARNPrefix") or ""))
        for item in found
    ]


def _values(record: Mapping[str, Any], field: str, kinds: list[str]) -> list[str]:
    """A field's values as texts; the ARNs of resources only of these types, if types are named."""
    match field:
        case "resources.type":
            return [kind for kind, _ in _resources(record) if kind]
        case "resources.ARN":
            return [arn for kind, arn in _resources(record) if arn and (not kinds or kind in kinds)]
        case "userIdentity.arn":
            value = (record.get("userIdentity") or {}).get("arn")
        case _:
            value = record.get(field)
    if value is None:
        return []
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _holds(name: str, wanted: tuple[str, ...], found: list[str]) -> bool:
    compare, speaks_for = OPERATORS[name]
    return any(compare(value, want) for value in found for want in wanted) is speaks_for


def _object(value: Value, known: set[str], what: str) -> Structure:
    if not isinstance(value, dict):
        raise FormatError(f"not an {what}: {value!r}")
    if unknown := set(value) - known:
        raise FormatError(f"an {what} has no {min(unknown)!r}")
    return value


def _list(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise FormatError(f"not a list: {value!r}")
    return value


def _strings(value: Value, what: str) -> tuple[str, ...]:
    values = _list(value)
    if not all(isinstance(item, str) and 0 < len(item) <= VALUE_LIMIT for item in values):
        raise FormatError(f"{what} are texts of 1 to {VALUE_LIMIT} characters")
    return tuple(values)
