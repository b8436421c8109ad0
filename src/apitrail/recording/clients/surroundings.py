"""What a command's environment presets about AWS, and what a recorder makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from apitrail.recording.clients import endpoints, environment, exceptions, trust
from apitrail.recording.clients.endpoints import Preset
from apitrail.recording.clients.shared_config import SharedConfig

# Tells node-proxy.cjs which plain HTTP goes through the proxy.
HTTP_ENDPOINTS = "APITRAIL_HTTP_ENDPOINTS"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """An environment and the shared configuration that is read in it."""

    environment: Mapping[str, str]
    config: SharedConfig
    presets: tuple[Preset, ...] = field(default=())

    @classmethod
    def of(cls, preset: Mapping[str, str]) -> Surroundings:
        """Read the configuration of this environment.

        Raises:
            UsageError: a trust store that is preset cannot be read.
        """
        trust.check(preset)
        config = SharedConfig.of(preset)
        return cls(preset, config, tuple(endpoints.presets(preset, config)))

    def fronted(self, *, proxy: bool = True) -> list[Preset]:
        """Endpoints that need a listener of ours before them; without a `proxy` all do."""
        return [each for each in self.presets if not (proxy and self._by_proxy(each))]

    def intercepted(self) -> list[str]:
        """Endpoints of no AWS API that are called by their own names through the proxy."""
        found = {each.url for each in self.presets if self._by_proxy(each) and not each.is_api}
        return sorted(found)

    def trusted_store(self) -> str | None:
        """The store that AWS's certificate would be checked with; None for the client's own."""
        return trust.trusted_store(self.environment, self.config)

    def direct(self) -> tuple[str, ...]:
        """NO_PROXY rules that the recorder follows in the client's place."""
        return exceptions.direct(self.environment)

    def changes(
        self,
        *,
        proxy: str | None,
        run: str | None,
        bundle: trust.Bundle,
        replaced: Mapping[str, str],
    ) -> dict[str, str]:
        """Variables to set; `replaced` are endpoints by variable."""
        found = environment.changes(
            self.environment, self.config, proxy=proxy, run=run, bundle=bundle, endpoints=replaced
        )
        plain = [each for each in self.presets if self._by_proxy(each) and each.authority]
        if proxy is not None and plain:
            found[HTTP_ENDPOINTS] = ",".join(sorted({each.authority for each in plain}))
        return found

    def warnings(self) -> Iterator[str]:
        """What would take calls past a recorder, or cannot be told."""
        for profile in endpoints.other_profiles(self.config):
            yield f"profile {profile!r} sets an endpoint: with --profile {profile} calls go past us"
        for path in self.config.unreadable:
            yield f"cannot read {path!r} as botocore does: an endpoint that it sets is not recorded"

    def _by_proxy(self, each: Preset) -> bool:
        return each.goes_by_proxy(self.environment)
