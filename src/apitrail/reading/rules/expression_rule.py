"""Rules that are a JMESPath expression over the record: `eventName == 'StopLogging'`."""

from __future__ import annotations

from typing import Any

from jmespath.exceptions import JMESPathError

from apitrail.errors import Error, UsageError
from apitrail.reading.event_list import compile_query
from apitrail.reading.rules.alert_rule import Matches
from apitrail.reading.rules.looked_at import LookedAt


class RuleError(Error):
    """A rule cannot judge an entry."""


def matches(expression: str) -> Matches:
    """Is what the expression selects of a record there, and not false or empty?

    Raises:
        UsageError: it is no JMESPath.
    """
    try:
        compiled = compile_query(expression)
    except UsageError as error:
        hint = (error.hint or "").partition(" — ")[0]
        raise UsageError(str(error), hint=f"{hint} — as in eventName == 'StopLogging'") from error

    def found(seen: LookedAt) -> bool:
        try:
            return _is_true(compiled.search(seen.record))
        except JMESPathError as error:
            reason = str(error).splitlines()[0]
            raise RuleError(f"{reason} (entry {seen.index})") from error

    return found


def _is_true(value: Any) -> bool:
    """As JMESPath has it: 0 is true."""
    return value is not None and value is not False and value not in ("", [], {})
