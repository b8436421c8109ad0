"""Resources that a call names by a member: `TableName`, `clusterIdentifier`, `Id`.

It does not know which services exist: the members' names are matched with the holes of
IAM's ARN templates and with its kinds of resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from apitrail.aws.call import Call, Structure
from apitrail.cloudtrail.resources import iam_types
from apitrail.cloudtrail.resources.resource import Place, Resource, plain_name, spelled
from apitrail.cloudtrail.resources.texts import texts
from apitrail.remembered import MANY, remembered

LONGEST = 512
"""Characters of a name; what is longer is a text."""

_USUAL = 32  # characters of a member's name

# Hole -> members, where the operations use another word.
MEMBERS = {
    "alarmname": ("alarmnames",),
    "appid": ("applicationid",),
    "bucketname": ("bucket",),
    "clusterid": ("jobflowid", "jobflowids"),
    "dbclusterinstancename": ("dbclusteridentifier",),
    "groupfriendlyname": ("autoscalinggroupname", "autoscalinggroupnames"),
    "keypairname": ("keyname", "keynames"),
    "openidconnectprovidername": ("url",),
    "parameternamewithoutleadingslash": ("name", "names"),
    "secretid": ("name",),
    "topicname": ("name",),
}

# Holes whose name tells nothing but "the resource".
GENERIC = frozenset({
    "id", "identifier", "name", "relativeid", "resource", "resourceid", "resourceidentifier",
    "resourcename", "resourcepath", "uuid",
})  # fmt: skip

# Members that name the resource when the operation's own name ends with its kind.
OWN = ("name", "names", "id", "ids", "identifier", "identifiers", "resourceid", "resource")

# Services whose kinds' words name other things too, such as EC2's GroupName.
ONLY_BY_ACTION = frozenset({"ec2", "s3", "sts"})

# IAM's members that name a resource in any operation; PolicyName may be an inline policy's.
IAM_MEMBERS = {
    "groupname": "group",
    "instanceprofilename": "instance-profile",
    "rolename": "role",
    "username": "user",
}

# Kinds that members name without a suffix: `cluster: "web"`.
BARE_NOUNS = frozenset({
    "application", "cluster", "database", "domain", "function", "project", "queue",
    "repository", "service", "stream", "table", "task", "topic", "workgroup",
})  # fmt: skip

# Members that hold a text in a language: it names things, and is no name.
_LANGUAGES = ("query", "querystring", "script", "sql", "statement", "statements")
# What stands before a kind where a call names two of them: `DestinationEnvironmentName`.
_SIDE = re.compile(r"^(?:current|destination|dest|from|new|old|original|parent|source|target|to)")

_SUFFIXES = ("withpath", "identifier", "name", "id")
_NAMES = frozenset({"name", "names"})
_SHORTEST_SUFFIX = 6
_SHORTEST_STEM = 3


def by_template(call: Call, said: list[tuple[str, str]], place: Place) -> Iterator[Resource]:
    """What the operation's IAM action takes, then every other member that says a kind."""
    if call.service is None or call.operation is None or call.service == "s3":
        return
    members = _members(said, call.service)
    plan = (_known_plan if _is_short(members) else _plan)(
        call.service, call.operation, call.signing_name, call.endpoint_prefix, tuple(members)
    )
    found = [resource for filling in plan.fillings for resource in filling.made(members, place)]
    yield from found or _loosely(plan.templates, members, place)


def by_noun(call: Call, place: Place) -> Iterator[Resource]:
    """Of a write that names nothing else: `Name`, and `Identity` of SetIdentityDkimEnabled."""
    operation = (call.operation or "").lower()
    for member, text in _members(texts(_shallow(call.parameters or {})), call.service).items():
        stem = _stem(member)
        if stem.endswith(_LANGUAGES):
            continue
        if member in _NAMES or (len(stem) >= _SHORTEST_STEM and stem in operation):
            for name in text:
                yield Resource(arn=None, type=None, name=name, account=place.account)


def _shallow(parameters: Structure) -> Structure:
    """Only what names something itself: texts and lists of texts."""
    return {
        name: value
        for name, value in parameters.items()
        if isinstance(value, str)
        or (isinstance(value, list) and all(isinstance(item, str) for item in value))
    }


def with_template(
    template: iam_types.Template, member: str, name: str, place: Place
) -> Iterator[Resource]:
    """The resource of a kind that a member names; an ARN where nothing else is needed for it."""
    if template.variables:
        yield from _made(template, member, [name], {}, place)


@dataclass(frozen=True, slots=True)
class _Filling:
    """A template and the member that fills its last hole; the others' members by their holes."""

    template: iam_types.Template
    member: str
    others: tuple[tuple[str, str], ...] = ()

    def made(self, members: dict[str, list[str]], place: Place) -> Iterator[Resource]:
        """With every hole filled an ARN, with the last alone a name."""
        if not self.template.variables and not self.member:
            return _made(self.template, "", [""], {}, place)
        # Of several values of another hole nothing tells which belongs to which, and one member
        # cannot fill two holes.
        others = {
            hole: members[other][0]
            for hole, other in self.others
            if other and other != self.member and len(members[other]) == 1
        }
        names = members[self.member] if self.member else []
        return _made(self.template, self.member, names, others, place)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What an operation's members may fill: its action's templates, and all that were found."""

    templates: tuple[iam_types.Template, ...]
    fillings: tuple[_Filling, ...]


def _is_short(members: dict[str, list[str]]) -> bool:
    """May what these names lead to be remembered? A request may have many, and long ones."""
    return len(members) <= MANY and sum(map(len, members)) <= MANY * _USUAL


def _plan(
    service: str,
    operation: str,
    signing_name: str | None,
    endpoint_prefix: str | None,
    members: tuple[str, ...],
) -> _Plan:
    known = iam_types.service_of(service, operation, signing_name, endpoint_prefix)
    action = iam_types.action(service, operation, signing_name, endpoint_prefix)
    templates = action.templates if action else of_operation(known.prefix, operation)
    fillings = [
        _filling(template, operation, members)
        for template in templates
        if template.variables or "*" not in template.arn
    ]
    if known.prefix not in ONLY_BY_ACTION:
        index = _index(known.prefix)
        fillings += [
            _Filling(index[word], member)
            for member in members
            for word in (member, _SIDE.sub("", member))
            if word in index
        ]
    return _Plan(templates, tuple(fillings))


_known_plan = lru_cache(2048)(_plan)


def _filling(template: iam_types.Template, operation: str, members: tuple[str, ...]) -> _Filling:
    columns = [_first(words, members) for words in _words(template, operation)]
    if not columns:
        return _Filling(template, "")
    member = columns[-1] or _first(_own_words(template, operation), members)
    others = zip(template.variables[:-1], columns[:-1], strict=True)
    return _Filling(template, member, tuple(others))


@lru_cache(maxsize=4096)
def of_operation(prefix: str, operation: str) -> tuple[iam_types.Template, ...]:
    """For operations that IAM names otherwise: the kind with which the name ends, longest."""
    ending = operation.lower().removesuffix("s")
    fitting = [known for known in iam_types.templates(prefix) if ending.endswith(known.noun)]
    return (max(fitting, key=lambda known: len(known.noun)),) if fitting else ()


def _loosely(
    templates: tuple[iam_types.Template, ...], members: dict[str, list[str]], place: Place
) -> Iterator[Resource]:
    """A last resort: `Id`, or `WindowId` for a maintenance window, of whatever kind it is."""
    for member, names in members.items():
        stem = _stem(member.removesuffix("s"))
        kinds = {
            template.type
            for template in templates
            if member in OWN or (len(stem) >= _SHORTEST_STEM and template.noun.endswith(stem))
        }
        for name in names if kinds else ():
            kind = next(iter(kinds)) if len(kinds) == 1 else None
            yield Resource(arn=None, type=kind, name=name, account=place.account)


def _members(said: list[tuple[str, str]], service: str | None) -> dict[str, list[str]]:
    """Names by member; ARNs and URLs are spelled out, and found so."""
    members: dict[str, list[str]] = {}
    for member, text in said:
        if len(text) <= LONGEST and not text.startswith(("arn:", "alias/", "http", "{")):
            members.setdefault(member, []).append(plain_name(service, text))
    return members


def _made(
    template: iam_types.Template,
    member: str,
    names: list[str],
    others: dict[str, str],
    place: Place,
) -> Iterator[Resource]:
    """Resources of a template: an ARN needs all its holes and the place.

    `member` is where the names are from: an id's hole is not filled with a name.
    """
    for text in names:
        if others:
            yield _resource(template, member, text, place, others)
        else:
            yield _alone(template, member, text, place)


@remembered(4096)
def _alone(template: iam_types.Template, member: str, text: str, place: Place) -> Resource:
    return _resource(template, member, text, place, {})


def _resource(
    template: iam_types.Template, member: str, text: str, place: Place, others: dict[str, str]
) -> Resource:
    values: dict[str, str | None] = {
        "Partition": place.partition,
        "Region": place.region if "${Region}" in template.arn else "",
        "Account": place.account if "${Account}" in template.arn else "",
        "AccountId": place.account,
        **{hole: None for hole in template.variables[:-1] if hole != "AccountId"},
        **others,
    }
    if not _fits(template, member) or "Scope" in template.variables:
        values["Partition"] = None  # so that no ARN is made
    values |= {hole: _value(hole, text) for hole in template.variables[-1:]}
    whole = {hole: value for hole, value in values.items() if value is not None}
    made = spelled(template.filled(whole)) if len(whole) == len(values) else None
    if made is None:
        name = text or template.kind
        made = Resource(arn=None, type=template.type, name=name, account=place.account)
    return made


def _wants_id(template: iam_types.Template) -> bool:
    """Is the last hole an id, which a name is not?"""
    hole = template.variables[-1].lower() if template.variables else ""
    return hole.endswith("id") and hole not in GENERIC


def _fits(template: iam_types.Template, member: str) -> bool:
    """An id's hole is not filled with a name, nor a name's with an id."""
    one = member.removesuffix("s")
    if _wants_id(template):
        return not one.endswith("name")
    hole = template.variables[-1].lower() if template.variables else ""
    return hole in GENERIC or not hole.endswith("name") or not one.endswith("id")


def _value(hole: str, text: str) -> str:
    """What a hole wants of a member's value."""
    if hole == "FunctionName":
        return text.rpartition("function:")[2]
    return text.removeprefix("/") if hole.endswith("WithoutLeadingSlash") else text


def _first(words: tuple[str, ...], members: tuple[str, ...]) -> str:
    """The likeliest member: by its name, else by how its name ends; empty where none fits."""
    for word in words:
        if word in members:
            return word
    for word in words:
        if len(word) >= _SHORTEST_SUFFIX and word not in OWN:
            for member in members:
                if member.endswith(word):
                    return member
    return ""


@lru_cache(maxsize=8192)
def _words(template: iam_types.Template, operation: str) -> tuple[tuple[str, ...], ...]:
    """For each hole the lower-case names of members that may fill it, likeliest first."""
    alone = len(template.variables) == 1
    return tuple(
        _hole_words(hole.lower(), template, operation, alone=alone) for hole in template.variables
    )


def _hole_words(
    hole: str, template: iam_types.Template, operation: str, *, alone: bool
) -> tuple[str, ...]:
    hole = hole.removesuffix("withpath")
    if hole in GENERIC:
        return _own_words(template, operation) if alone else ()
    words = _plurals((hole, *MEMBERS.get(hole, ()), *_forms(_stem(hole))))
    if alone:
        own = OWN if _stem(operation.lower().removesuffix("s")).endswith(_stem(hole)) else ()
        return words + _own_words(template, operation) + own
    if hole.endswith("id"):
        return tuple(
            word for word in words if word.removesuffix("s").endswith(("id", "identifier"))
        )
    return words


@lru_cache(maxsize=8192)
def _own_words(template: iam_types.Template, operation: str) -> tuple[str, ...]:
    """The members that name a resource by its kind."""
    noun = template.noun
    own = OWN if _stem(operation.lower().removesuffix("s")).endswith(noun) else ()
    words = (*_plurals(_forms(noun)), *own)
    if not _wants_id(template):
        return words
    return tuple(sorted(words, key=lambda word: word.removesuffix("s").endswith("name")))


@lru_cache(maxsize=128)
def _index(prefix: str) -> dict[str, iam_types.Template]:
    """Members that say one of a service's kinds, whatever the operation."""
    if prefix == "iam":
        kinds = {template.kind: template for template in iam_types.templates(prefix)}
        return {word: kinds[kind] for word, kind in IAM_MEMBERS.items() if kind in kinds}
    index: dict[str, iam_types.Template] = {}
    for template in iam_types.templates(prefix):
        nouns = [template.noun]
        if len(template.variables) == 1 and template.variables[0].lower() not in GENERIC:
            nouns.append(_stem(template.variables[0].lower().removesuffix("withpath")))
        for noun in nouns:
            words = _forms(noun) if noun in BARE_NOUNS else _forms(noun)[:-1]
            for word in _plurals(words):
                index.setdefault(word, template)
    return {word: template for word, template in index.items() if word not in OWN}


def _forms(noun: str) -> tuple[str, ...]:
    return (f"{noun}name", f"{noun}identifier", f"{noun}id", noun)


def _plurals(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(form for word in words for form in (word, f"{word}s")))


def _stem(hole: str) -> str:
    for suffix in _SUFFIXES:
        hole = hole.removesuffix(suffix) or hole
    return hole
