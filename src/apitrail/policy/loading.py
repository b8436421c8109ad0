"""Guards by what the command line names: a file, or one that comes with apitrail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from apitrail.errors import UsageError, unread
from apitrail.policy import built_in
from apitrail.policy.guard import Guard
from apitrail.policy.guards import Guards


def load(specs: Sequence[str], environment: Mapping[str, str], *, watching: bool = False) -> Guards:
    """The guards that are named, in their order.

    Raises:
        UsageError: one of them is not there, is no guard, or has the name of another.
    """
    found = tuple(one(spec, environment) for spec in specs)
    names = [each.name for each in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"two guards of the name {twice[0]!r}", hint="name each once")
    if watching and not found:
        raise UsageError("--watch without a guard", hint="name one with --guard")
    return Guards(found, watching)


def one(spec: str, environment: Mapping[str, str]) -> Guard:
    """The guard of a `NAME`, a `NAME=VALUE` or a file; a file is named by what it is called."""
    own = built_in.text(spec, environment)
    if own is not None:
        return Guard.parse(spec, own)
    path = Path(spec)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        hint = f"name a file, or one of {', '.join(built_in.BUILT_IN)}"
        raise UsageError(f"no guard {spec!r}", hint=hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read the guard {spec!r}: {unread(error)}",
            hint="a guard is a policy in IAM's language: apitrail guard show no-delete prints one",
        ) from error
    # A pipe gives its text once.
    file = str(path.absolute()) if path.is_file() else None
    return replace(Guard.parse(path.stem, text), path=file)
