"""AWS's shared configuration (`~/.aws/config`, `~/.aws/credentials`), read by botocore's own loader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from botocore import configloader
from botocore.exceptions import ConfigNotFound, ConfigParseError

type Section = Mapping[str, str | Mapping[str, str]]

# botocore.configprovider.BOTOCORE_DEFAULT_SESSION_VARIABLES: `profile`, in its order.
ACTIVE = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
CONFIG = ("AWS_CONFIG_FILE", "~/.aws/config")
CREDENTIALS = ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedConfig:
    """Profiles and `[services …]` sections; `active` is the profile in force.

    `unreadable` are files that botocore cannot parse. Its clients will fail on them, but others
    are less strict.
    """

    active: str
    profiles: Mapping[str, Section] = field(default_factory=dict)
    services: Mapping[str, Section] = field(default_factory=dict)
    unreadable: tuple[str, ...] = ()

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> SharedConfig:
        """What an SDK would read in this environment."""
        unreadable: list[str] = []
        config = _read(_path(environment, CONFIG), unreadable)
        credentials = _read(_path(environment, CREDENTIALS), unreadable)
        known = configloader.build_profile_map(config)
        profiles: dict[str, dict[str, str | Mapping[str, str]]] = known["profiles"]
        # botocore.session.Session.full_config: the credentials file wins, name by name.
        for name, section in credentials.items():
            profiles[name] = {**profiles.get(name, {}), **section}
        active = next((environment[name] for name in ACTIVE if environment.get(name)), "default")
        return cls(
            active=active,
            profiles=profiles,
            services=known["services"],
            unreadable=tuple(unreadable),
        )

    def get(self, name: str) -> str | None:
        """A setting of the profile in force."""
        return _text(self.profiles.get(self.active, {}), name)

    def anywhere(self, name: str) -> list[str]:
        """The profiles that have this setting, in force or not."""
        return [each for each, section in self.profiles.items() if _text(section, name)]

    def service_endpoints(self) -> Iterator[tuple[str, str]]:
        """Each service of the active profile's `services` section that has an `endpoint_url`."""
        for service, nested in self.services.get(self.get("services") or "", {}).items():
            url = _text(nested, "endpoint_url") if isinstance(nested, Mapping) else None
            if url:
                yield service, url


def _text(section: Section, name: str) -> str | None:
    value = section.get(name)
    return value if isinstance(value, str) and value else None


def _path(environment: Mapping[str, str], where: tuple[str, str]) -> str:
    variable, default = where
    text = environment.get(variable) or default
    home = environment.get("HOME") or str(Path.home())
    return home + text[1:] if text == "~" or text.startswith("~/") else text


def _read(path: str, unreadable: list[str]) -> dict[str, Section]:
    try:
        found: dict[str, Section] = configloader.raw_config_parse(path)
    except ConfigNotFound:
        return {}
    except (ConfigParseError, OSError):
        unreadable.append(path)
        return {}
    return found
