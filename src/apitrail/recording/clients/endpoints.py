"""Endpoints a client was told to use instead of AWS's own, by environment or profile.

It does not know what replaces them. The rules are the AWS SDKs' "Service-specific endpoints".
"""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

GLOBAL = "AWS_ENDPOINT_URL"
PREFIX = "AWS_ENDPOINT_URL_"
IGNORE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"


@dataclass(frozen=True, slots=True)
class Preset:
    """A variable that sets, or overrides from a profile, the endpoint `url`."""

    variable: str
    url: str


def presets(environment: Mapping[str, str]) -> list[Preset]:
    """Every endpoint in force, each with the variable that would replace it."""
    if environment.get(IGNORE, "").lower() == "true":
        return []
    found = {
        name: value
        for name, value in environment.items()
        if value and (name == GLOBAL or name.startswith(PREFIX))
    }
    # A global endpoint in the environment beats every one in the profile (botocore
    # ConfiguredEndpointProvider: environment before configuration file).
    if GLOBAL not in found:
        for name, value in _of_profile(environment).items():
            found.setdefault(name, value)
    return [Preset(name, url) for name, url in sorted(found.items())]


def ca_bundle(environment: Mapping[str, str]) -> str | None:
    """The trust store that the profile in force names (`ca_bundle`)."""
    config, name = _config(environment), _section(environment)
    return config.get(name, "ca_bundle", fallback=None) or None


def other_profiles(environment: Mapping[str, str]) -> list[str]:
    """Profiles not in force that set an endpoint: `--profile` would take a call past us."""
    config = _config(environment)
    active = _section(environment)
    return [
        name.removeprefix("profile ")
        for name in config.sections()
        if name != active and ("endpoint_url" in config[name] or "services" in config[name])
        and not name.startswith("services ")
    ]  # fmt: skip


def _of_profile(environment: Mapping[str, str]) -> dict[str, str]:
    config = _config(environment)
    name = _section(environment)
    if not config.has_section(name):
        return {}
    profile = config[name]
    found = {GLOBAL: profile["endpoint_url"]} if profile.get("endpoint_url") else {}
    services = f"services {profile.get('services', '')}"
    if config.has_section(services):
        for service, nested in config[services].items():
            for line in nested.splitlines():
                key, _, value = line.partition("=")
                if key.strip() == "endpoint_url" and value.strip():
                    found[PREFIX + service.upper()] = value.strip()
    return found


def _section(environment: Mapping[str, str]) -> str:
    name = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
    return name if name == "default" else f"profile {name}"


def _config(environment: Mapping[str, str]) -> configparser.RawConfigParser:
    config = configparser.RawConfigParser(strict=False, allow_no_value=True)
    home = environment.get("HOME") or str(Path.home())
    path = Path(environment.get("AWS_CONFIG_FILE") or Path(home) / ".aws" / "config")
    try:
        config.read(path.expanduser(), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return configparser.RawConfigParser()  # the client will complain about it itself
    return config
