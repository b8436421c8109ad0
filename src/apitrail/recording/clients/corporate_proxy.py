"""The proxy that a machine's clients must go through already: a recorder goes through it as well."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from apitrail.errors import UsageError

# The order of curl and of Python's urllib: lower case is the older custom and wins.
VARIABLES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
PORTS = {"http": 80, "https": 443}
LOOPBACK = ("localhost", "127.0.0.1", "::1")


_ADVICE = {
    True: "set HTTPS_PROXY to an http proxy that leads to the socks proxy of {}, or unset that",
    False: "correct or unset {}",
}


def is_socks(text: str) -> bool:
    """Is it a socks proxy, in one of curl's spellings?"""
    return text.lower().startswith("socks")


@dataclass(frozen=True, slots=True)
class Corporate:
    """`url` without its credentials; `credentials` as `user:password`."""

    url: str
    credentials: str | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Corporate | None:
        """The proxy that is preset for https, if any; raises UsageError if it cannot be used."""
        name = next((each for each in VARIABLES if environment.get(each)), None)
        return None if name is None else cls.parse(environment[name], name)

    @classmethod
    def parse(cls, text: str, variable: str = "HTTPS_PROXY") -> Corporate:
        """`[http[s]://][USER[:PASSWORD]@]HOST[:PORT]`, the value of `variable`."""
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            port = parts.port or PORTS.get(parts.scheme)
        except ValueError:
            parts, port = SplitResult("", "", "", "", ""), None
        if parts.scheme not in PORTS or not parts.hostname:
            # Not the whole value: there may be a password in it.
            raise UsageError(
                f"the preset proxy {parts.scheme or '?'}://{parts.hostname or '?'} cannot be used",
                hint=f"only http and https proxies can; {_ADVICE[is_socks(text)].format(variable)}",
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        credentials = None
        if parts.username is not None:
            credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return cls(f"{parts.scheme}://{host}:{port}", credentials)

    def check(self) -> None:
        """Raise UsageError where it is on this machine and not running.

        A recorder that has ended is such a proxy to the shells that evaluated `apitrail env`.
        """
        parts = urlsplit(self.url)
        if parts.hostname not in LOOPBACK or parts.port is None:
            return
        try:
            socket.create_connection((parts.hostname, parts.port), timeout=5).close()
        except OSError as error:
            raise UsageError(
                f"the preset proxy {self.url} does not answer: {error.strerror or error}",
                hint="unset HTTPS_PROXY and what else `apitrail env` set, or start it again",
            ) from error
