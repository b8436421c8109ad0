"""Where a replay goes, and what must be said before it does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from apitrail.aws.find import host
from apitrail.errors import UsageError
from apitrail.replay.recorded import Recorded

AWS = "aws"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One endpoint for all services, or AWS's own for each (`url` None).

    `region` is what the name of an AWS endpoint says.
    """

    url: str | None
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> Destination:
        """`http[s]://HOST[:PORT]`, an AWS endpoint, or the word `aws`; UsageError for others."""
        if text == AWS:
            return cls(url=None)
        try:
            parts = urlsplit(text)
            valid = parts.scheme in _PORTS and parts.hostname and parts.port != 0
        except ValueError:
            valid = False
        if not valid or parts.query or parts.username:
            raise UsageError(
                f"not an endpoint URL: {text!r}",
                hint="write it as http://localhost:4566, or as aws for AWS's own endpoints",
            )
        name = str(parts.hostname)
        if host.is_aws(name):
            return cls(url=None, region=host.parse(name).region)
        return cls(url=text.rstrip("/"))

    @property
    def is_aws(self) -> bool:
        """Does it change what costs money?"""
        return self.url is None

    def recorded_here(self, calls: Iterable[Recorded]) -> int:
        """How many of the calls went to this very endpoint when they were recorded."""
        return sum(self._is_upstream(call.upstream) for call in calls)

    def _is_upstream(self, upstream: str | None) -> bool:
        if upstream is None:
            return False
        if self.url is None:
            return host.is_aws(urlsplit(upstream).hostname or "")
        return _address(upstream) == _address(self.url)


# Names under which a machine knows itself.
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "localhost.localstack.cloud"})


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    name = parts.hostname or ""
    return "localhost" if name in _LOCAL else name, parts.port or _PORTS.get(parts.scheme, 0)


def origin(url: str) -> str:
    """Scheme, host and port of a URL, as they begin URLs that the endpoint makes up."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
