"""Call → the actions that IAM would authorise for it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from apitrail.aws.arn import partition
from apitrail.aws.call import Call
from apitrail.aws.find import index
from apitrail.cloudtrail.names import is_region
from apitrail.cloudtrail.resources import iam_types, touching
from apitrail.cloudtrail.resources.resource import Place
from apitrail.iam import api_gateway, context_keys, known_actions, levels
from apitrail.iam.acting import acts, acts_as_asked
from apitrail.iam.action import HARMLESS, Action, Level
from apitrail.iam.besides import besides
from apitrail.iam.deleting import deletes
from apitrail.iam.parts import parts
from apitrail.iam.renamed import PREFIXES, renamed
from apitrail.remembered import remembered
from apitrail.valueclass import valueclass

# An account that AWS gives to nobody, where ARNs need one.
NOBODY = "000000000000"

_BATCH = re.compile(r"Batch([A-Z]\w*)|([A-Z]\w*)Batch")


@valueclass(frozen=True, slots=True)
class Named:
    """The name of an action, its level, and whether IAM has it."""

    name: str
    level: Level
    known: bool


def actions(
    call: Call,
    *,
    account: str | None,
    region: str | None = None,
    touched: Sequence[str] | None = None,
) -> list[Action]:
    """What IAM would authorise for a call: its own actions, then those that it implies.

    `account` and `region` are the caller's, where the call does not say them; `touched` are the ARNs
    that the call is known to touch, where that was found out before. A call of which service or
    operation is not known has none: nobody can say what it does.
    """
    if call.service is None or call.operation is None:
        return []
    place = _place(call.region or region, account)
    prefix, named = own_names(call.service, call.operation)
    implied = list(dict.fromkeys(besides(call, prefix, place, reads=_reads(named))))
    elsewhere = {arn for _, arn in implied if call.service == "s3" and arn is not None}
    taken = [(each, parts(call, each.name)) for each in named]
    if any(len(found) > 1 for _, found in taken):
        touched = None  # nobody has kept which part touched what
    own = [
        _action(
            part, each if name == each.name else _named(name), place, elsewhere, prefix, touched
        )
        for each, found in taken
        for name, part in found
    ]
    return [*own, *_implied(implied, own, place)]


def _action(
    call: Call,
    named: Named,
    place: Place,
    elsewhere: set[str],
    prefix: str,
    touched: Sequence[str] | None,
) -> Action:
    """One action that a call, or a part of it, asks for itself."""
    told = context_keys.of_call(call, prefix)
    level = named.level
    if call.service == "dynamodb" and told.get("apitrail:plainselect") == ("false",):
        level = "Write" if level in ("List", "Read") else level
    resources = _on(call, named, place, elsewhere, touched)
    return Action(
        name=named.name,
        level=level,
        resources=resources,
        optional=_is_optional(named.name, resources, place),
        keys=told,
        known=named.known,
        acts=acts(call.service or "", call.operation or "", known=named.known)
        or acts_as_asked(call),
        deletes=deletes(call, named.name),
    )


def _on(
    call: Call,
    named: Named,
    place: Place,
    elsewhere: set[str],
    known: Sequence[str] | None,
) -> tuple[str, ...] | None:
    """The ARNs that an action of a call is on; those of `elsewhere` are another action's."""
    if call.service in api_gateway.SERVICES and call.operation is not None:
        path = api_gateway.arn(call.service, call.operation, call.parameters or {}, place)
        if path is not None and _is_method(named.name):
            return (path,)
    touched = [
        arn
        for arn in (_touched(call, place) if known is None else known)
        if arn not in elsewhere or arn == _stored(call, place)
    ]
    return _fitting(named.name, touched, place) if named.known else tuple(touched) or None


def _touched(call: Call, place: Place) -> list[str]:
    """The ARNs that a request names; `*` stands for an account that is not known.

    What the answer names, such as what was made, was not there when the call was authorised.
    """
    asked = call if call.result is None else call.changed(result=None)
    found = touching.resources(asked, account=place.account or NOBODY, region=place.region)
    arns = [each.arn for each in found if each.arn is not None]
    if place.account is not None:
        return arns
    return [arn.replace(f":{NOBODY}:", ":*:", 1) for arn in arns]


def _reads(named: Sequence[Named]) -> bool:
    return all(each.level in HARMLESS for each in named)


def _is_method(name: str) -> bool:
    return name.partition(":")[2].isupper()


def _stored(call: Call, place: Place) -> str | None:
    """The object that an S3 call is on itself."""
    parameters = call.parameters or {}
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    return place.s3(f"{bucket}/{key}") if isinstance(bucket, str) and key else None


def _implied(found: list[tuple[str, str | None]], own: list[Action], place: Place) -> list[Action]:
    """Actions that AWS asks for besides, unless the call asks for them itself."""
    named = {each.name for each in own}
    told = own[0].keys if own else {}
    implied = []
    for name, arn in found:
        listed = known_actions.listed(name)
        if listed is None or (name in named and arn is None):
            continue
        touched = [each for action in own for each in action.resources or ()]
        on = _fitting(name, touched, place) if arn is None else (arn,)
        implied.append(Action(name=name, level=listed.level, resources=on, keys=told, implied=True))
    return implied


@remembered(8192)
def own_names(service: str, operation: str) -> tuple[str, tuple[Named, ...]]:
    """IAM's prefix and the actions of an operation, whatever its parameters."""
    signing, endpoint = _names_on_the_wire(service)
    known = iam_types.service_of(service, operation, signing, endpoint).prefix
    prefix = PREFIXES.get(service) or known or signing or service
    own = known_actions.spelled(f"{prefix}:{operation}")
    if own is None and service in api_gateway.SERVICES:
        method = api_gateway.method(service, operation)
        if method is not None:
            return prefix, (_named(f"{prefix}:{method}"),)
    names = renamed(service, operation)
    if names:
        full = (name if ":" in name else f"{prefix}:{name}" for name in names)
        return prefix, tuple(_named(name, operation) for name in full)
    one = _unbatched(prefix, operation) if own is None else None
    return prefix, (_named(own or one or f"{prefix}:{operation}", operation),)


def _unbatched(prefix: str, operation: str) -> str | None:
    """The action of one item, where a batch has none of its own."""
    found = _BATCH.fullmatch(operation)
    return None if found is None else known_actions.spelled(f"{prefix}:{found[1] or found[2]}")


def _named(name: str, operation: str | None = None) -> Named:
    listed = known_actions.listed(name)
    prefix, _, bare = name.partition(":")
    if listed is None:
        return Named(name, levels.by_name(operation or bare), known=False)
    return Named(f"{prefix}:{listed.name}", listed.level, known=True)


def _names_on_the_wire(service: str) -> tuple[str | None, str | None]:
    """By botocore's model, not by the credential's scope: the caller chooses that."""
    versions = index.load().versions.get(service, ())
    current = next((each for each in versions if each.current), None)
    return (current.signing_name, current.endpoint_prefix) if current else (None, None)


@remembered(1024)
def _place(region: str | None, account: str | None) -> Place:
    known = region if region and is_region(region) else None
    return Place(partition=partition(region), region=known, account=account)


def _is_optional(name: str, resources: Sequence[str] | None, place: Place) -> bool:
    """Are these only what the action could have been on?"""
    listed = known_actions.listed(name)
    if listed is None or not listed.kinds or any(kind.required for kind in listed.kinds):
        return False
    return set(resources or ()) == {_unknown(kind, place) for kind in listed.kinds}


def _unknown(kind: known_actions.Kind, place: Place) -> str:
    return kind.unknown(partition=place.partition, region=place.region, account=place.account)


def _fitting(name: str, touched: list[str], place: Place) -> tuple[str, ...]:
    """The ARNs among those touched that an action takes.

    A kind that it takes and that is not among them is there with `*` for its name: each kind that it
    always takes, and all kinds where the request names none.
    """
    listed = known_actions.listed(name)
    if listed is None or not listed.kinds:
        return ("*",)
    found: dict[str, None] = {}
    missing = []
    for kind in listed.kinds:
        fitting = [arn for arn in touched if kind.fits(arn)]
        found |= dict.fromkeys(fitting)
        if kind.required and not fitting:
            missing.append(kind)
    if not found and not missing:
        if listed.level == "List":
            return ("*",)  # of all there are
        missing = list(listed.kinds)
    found |= dict.fromkeys(_unknown(kind, place) for kind in missing)
    return tuple(found)
