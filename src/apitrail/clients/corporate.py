"""The proxy that a machine's clients must go through already: a recorder goes through it as well.

It does not know the recorder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from apitrail.errors import UsageError

# As curl and Python's urllib look for it; lower case is the older custom and wins.
VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Corporate:
    """`url` without its credentials; `credentials` as `user:password`."""

    url: str
    credentials: str | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Corporate | None:
        """The proxy that is preset for https, if any; raises UsageError if it cannot be used."""
        value = next((environment[name] for name in VARIABLES if environment.get(name)), None)
        return None if value is None else cls.parse(value)

    @classmethod
    def parse(cls, text: str) -> Corporate:
        """`[http[s]://][USER[:PASSWORD]@]HOST[:PORT]`."""
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            port = parts.port or PORTS.get(parts.scheme)
        except ValueError:
            parts, port = SplitResult("", "", "", "", ""), None
        if parts.scheme not in PORTS or not parts.hostname:
            # Not the whole value: there may be a password in it.
            raise UsageError(
                f"the preset proxy {parts.scheme or '?'}://{parts.hostname or '?'} cannot be used",
                hint="only http and https proxies can; correct or unset HTTPS_PROXY",
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        credentials = None
        if parts.username is not None:
            credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(f"{parts.scheme}://{host}:{port}", credentials)
