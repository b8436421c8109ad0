"""The steps of a recording as a boto3 program that runs as it is."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from datetime import datetime

from apitrail.aws.call import Value
from apitrail.replay.scripts.steps import Given, Script, Secret, Step, Text

_HEAD = '''"""Recorded with apitrail: {count}, oldest first.

Where to: AWS_ENDPOINT_URL, else AWS itself. As whom: as boto3 finds credentials.{secrets}
"""
'''
_EXPECT = '''

def refused(code, call, **parameters):
    """Repeat a call that was refused with `code`."""
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
    else:
        raise AssertionError(f"not refused with {code}")
'''
_WIDTH = 96


def lines(script: Script) -> Iterator[str]:
    """The program's lines."""
    count = f"{len(script.steps)} {'call' if len(script.steps) == 1 else 'calls'}"
    secrets = "".join(f"\n    {s.name}: {where}" for s, where in script.secrets.items())
    about = (
        f"\n\nThese were redacted and are read from the environment:\n{secrets}" if secrets else ""
    )
    yield _HEAD.format(count=count, secrets=about)
    refused = any(s.call.error is not None and s.obstacle is None for s in script.steps)
    if script.secrets:
        yield "import os"
    if any(map(_has_time, (s.parameters for s in script.steps))):
        yield "from datetime import datetime"
    yield "\nimport boto3"
    if refused:
        yield f"from botocore.exceptions import ClientError{_EXPECT}"
    yield "\n" if refused else ""
    for secret in script.secrets:
        yield f'{secret.name} = os.environ["{secret.name}"]'
    names = _clients(script)
    taken = {*names.values(), "boto3", "os", "answer", "refused", "datetime"}
    for (service, region), name in names.items():
        place = f", region_name={region!r}" if region else ""
        yield f"{name} = boto3.client({service!r}{place})"
    yield ""
    for step in script.steps:
        yield from _step(step, names, taken)


def _clients(script: Script) -> dict[tuple[str, str | None], str]:
    names: dict[tuple[str, str | None], str] = {}
    for service, region in script.services():
        name = service.replace("-", "_")
        name = f"{name}_" if keyword.iskeyword(name) else name
        if name in names.values():
            name = f"{name}_{(region or 'elsewhere').replace('-', '_')}"
        names[service, region] = name
    return names


def _step(step: Step, names: dict[tuple[str, str | None], str], taken: set[str]) -> Iterator[str]:
    from botocore import xform_name

    call = step.call
    if step.obstacle is not None:
        yield f"# not written: {call.name}, event {call.event_id}: {_plain(step.obstacle)}"
        return
    method = f"{names[str(call.service), call.region]}.{xform_name(str(call.operation))}"
    arguments = [f"{name}={literal(item, taken)}" for name, item in step.parameters.items()]
    if call.error is not None:
        yield _called("refused", [repr(call.error), method, *arguments])
    elif not step.gives:
        yield _called(method, arguments)
    elif len(step.gives) == 1:
        [given] = step.gives
        yield f"{variable(given, taken)} = {_called(method, arguments)}{_at(given)}"
    else:
        yield f"answer = {_called(method, arguments)}"
        for given in step.gives:
            yield f"{variable(given, taken)} = answer{_at(given)}"


def _called(function: str, arguments: list[str]) -> str:
    line = f"{function}({', '.join(arguments)})"
    if len(line) <= _WIDTH:
        return line
    return f"{function}(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _at(given: Given) -> str:
    place = "".join(f"[{key!r}]" for key in given.path)
    return f'{place}.rpartition("/")[2]' if given.last else place


def variable(given: Given, taken: set[str]) -> str:
    """A variable name that is not a keyword, client or module."""
    return f"{given.name}_" if given.name in taken or keyword.iskeyword(given.name) else given.name


def literal(value: Value, taken: set[str]) -> str:
    """A value as Python writes it."""
    match value:
        case Text(parts=parts):
            return " + ".join(_part(part, taken) for part in parts)
        case dict():
            items = (f"{key!r}: {literal(item, taken)}" for key, item in value.items())
            return "{" + ", ".join(items) + "}"
        case list():
            return f"[{', '.join(literal(item, taken) for item in value)}]"
        case datetime():
            return f"datetime.fromisoformat({value.isoformat()!r})"
        case float() if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124
            return f"float({str(value)!r})"
        case _:
            return repr(value)


def _part(part: str | Given | Secret, taken: set[str]) -> str:
    match part:
        case Given():
            return variable(part, taken)
        case Secret():
            return part.name
        case _:
            return repr(part)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _has_time(value: Value) -> bool:
    if isinstance(value, dict):
        return any(map(_has_time, value.values()))
    if isinstance(value, list):
        return any(map(_has_time, value))
    return isinstance(value, datetime)
