"""What an exchange means to AWS, in the service model's own words."""

from __future__ import annotations

from dataclasses import field, fields, replace
from operator import attrgetter
from typing import Any

from apitrail.valueclass import valueclass

type Path = tuple[str, ...]
"""Member names from the top of `parameters` or `result`; list positions and map keys are `*`."""

type Value = Any
"""A decoded value, of whatever type the service model gives its member: text, number, boolean,
bytes, time, list, `Structure` or `Map`."""

type Structure = dict[str, Any]
"""A decoded structure: values by the names of the model's members."""


class Map(dict[str, Any]):
    """A modelled map or a free document: its keys are data, not member names.

    A plain dict in `parameters` or `result` is a structure. Other values are the types that
    boto3 users know: str, bool, int, float, bytes, datetime (aware), list.
    """


class Redacted(str):
    """A secret's keyed digest in place of the secret."""

    __slots__ = ()


@valueclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A streaming payload that is not part of the decoded values: digest and length only."""

    length: int
    sha256: bytes


@valueclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """An event stream, of which only the number of events of each type is told."""

    counts: Map


@valueclass(frozen=True, slots=True, kw_only=True)
class Error:
    """A refusal: `code` as on the wire, `shape` as the model names it where it does."""

    code: str
    message: str | None = None
    shape: str | None = None


# Not `kw_only`: `changed` makes one by position, which takes a third of the time.
@valueclass(frozen=True, slots=True)
class Call:
    """One AWS API call as far as it could be told; None is "not known".

    `service` is botocore's service name, `operation` the model's operation name, `protocol`
    one of botocore's; where botocore has no model, `protocol` is `http` and the names are those of
    IAM's actions. `customers` says that a customer's own code answers. `stand_in` says that the
    call is about a stand-in for AWS itself (its health, its state) and no call to AWS.

    The last `answer_problems` of the `problems` are about the answer; the others are about what was
    asked. `ambiguous` are the problems that let two readers see two calls. `other` is what another
    reader sees: then, and where a bucket may be named by a host of its own. `sensitive_parameters` and `sensitive_result` are the paths that the
    model marks with the `sensitive` trait and that are present. `result` is None where there
    was no response or it was an error.
    """

    service: str | None = None
    operation: str | None = None
    api_version: str | None = None
    signing_name: str | None = None
    endpoint_prefix: str | None = None
    region: str | None = None
    protocol: str | None = None
    parameters: Structure | None = None
    result: Structure | None = None
    error: Error | None = None
    request_id: str | None = None
    host_id: str | None = None
    read_only_trait: bool | None = None
    sensitive_parameters: frozenset[Path] = field(default_factory=frozenset)
    sensitive_result: frozenset[Path] = field(default_factory=frozenset)
    problems: tuple[str, ...] = ()
    answer_problems: int = 0
    ambiguous: tuple[str, ...] = ()
    other: Call | None = None
    customers: bool = False
    stand_in: bool = False

    @property
    def doubts_asked(self) -> tuple[str, ...]:
        """What could not be told of the request."""
        return self.problems[: len(self.problems) - self.answer_problems]

    def doubting(self, problem: str) -> Call:
        """The same call with one more thing that could not be told."""
        return replace(self, problems=(*self.problems, problem))

    def changed(self, **values: Value) -> Call:
        """The same call with other values of some fields: `dataclasses.replace`, but faster."""
        copied = list(_all_of(self))
        for name, value in values.items():
            copied[_PLACES[name]] = value
        return Call(*copied)


_FIELDS = tuple(each.name for each in fields(Call))
_PLACES = {name: place for place, name in enumerate(_FIELDS)}
_all_of = attrgetter(*_FIELDS)
