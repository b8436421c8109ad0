"""An operator in the variables that send a shell's calls to a recorder.

The secret is not among them: the shell puts it in from a variable of its own.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit, urlunsplit

from apitrail.recording.clients.environment import PROXIES

SECRET = "APITRAIL_OPERATOR_SECRET"  # noqa: S105 - the name of a variable
"""The variable that the shell takes the secret from."""

_LOGINS = frozenset({*PROXIES, *map(str.lower, PROXIES)})


def exports(variables: Mapping[str, str], operator: str | None) -> Iterator[str]:
    """Lines for a shell; the proxy's URL has the login of `operator`, where one is named."""
    for name, value in variables.items():
        if operator is None or name not in _LOGINS:
            yield f"export {name}={shlex.quote(value)}"
        else:
            yield f"export {name}={_logged_in(value, operator)}"


def _logged_in(proxy: str, operator: str) -> str:
    """The URL in the shell's words. Operators' names and secrets have no letter to be escaped."""
    parts = urlsplit(proxy)
    secret = f"${{{SECRET}:?must hold the secret of operator {operator}}}"
    return f'"{urlunsplit(parts._replace(netloc=f"{operator}:{secret}@{parts.netloc}"))}"'
