"""Regular expressions that take linear time (RE2), whoever chooses what they are held against."""

from __future__ import annotations

import re
from typing import cast

import re2
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern

from apitrail.errors import UsageError

_HINT = "rules use RE2: there are no look-arounds and no references to groups"
_LETTERS = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}


class QuietRegexEngine(RE2RegexEngine):
    """pySigma's own engine, which would write what is wrong to stderr too."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        """Compile with flags of `re`; raises `error`."""
        letters = "".join(letter for flag, letter in _LETTERS.items() if flags & flag)
        return compiled(f"(?{letters}){pattern}" if letters else pattern, pattern)

    @property
    def error(self) -> type[Exception]:
        """What `compile` raises."""
        return UsageError


def compiled(form: str, shown: str) -> RegexPattern:
    """The expression `form`, which is told of as `shown`.

    Raises:
        UsageError: it is not one of RE2's.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return cast("RegexPattern", re2.compile(form, options=options))
    except re2.error as error:
        (reason,) = error.args or ("",)
        told = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        raise UsageError(f"not a regular expression: {shown!r}: {told}", hint=_HINT) from error
