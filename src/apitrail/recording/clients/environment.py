"""The variables that send a client's AWS calls through a recorder."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from urllib.parse import quote, urlsplit, urlunsplit

from apitrail.recording.clients import endpoints as presets
from apitrail.recording.clients import exceptions, trust
from apitrail.recording.clients.shared_config import SharedConfig

# A proxy user name with this prefix tells which run a client belongs to.
RUN_USER = "run-"

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY")


def changes(
    environment: Mapping[str, str],
    config: SharedConfig,
    *,
    proxy: str | None,
    run: str | None,
    bundle: trust.Bundle,
    endpoints: Mapping[str, str],
) -> dict[str, str]:
    """Variables to set, over `environment`.

    Args:
        environment: what the command would have had.
        config: AWS's shared configuration in that environment.
        proxy: the recorder's URL for HTTPS_PROXY.
        run: the run's id, carried as the user name in the proxy's URL.
        bundle: gives the path of a bundle with our CA and the one at the given path (or the
            system's, where None).
        endpoints: variable → URL of the reverse listener that stands before that endpoint.
    """  # fmt: skip
    found: dict[str, str] = dict(endpoints)
    if endpoints and presets.ignored(environment, config):
        found[presets.IGNORE] = "false"
    if proxy is not None:
        url = with_run(proxy, run)
        for name in PROXIES:
            found[name] = found[name.lower()] = url
        found["NO_PROXY"] = found["no_proxy"] = exceptions.no_proxy(environment, config)
        found["NODE_OPTIONS"] = _node_options(environment.get("NODE_OPTIONS", ""))
    return found | trust.changes(environment, config, bundle)


def with_run(proxy: str, run: str | None) -> str:
    """The proxy's URL with the run as its user name; the password says nothing."""
    if run is None:
        return proxy
    parts = urlsplit(proxy)
    return urlunsplit(parts._replace(netloc=f"{quote(RUN_USER + run)}:x@{parts.netloc}"))


def _node_options(preset: str) -> str:
    path = str(resources.files("apitrail.recording.clients").joinpath("node-proxy.cjs"))
    shim = f'--require="{path}"' if " " in path else f"--require={path}"
    return preset if shim in preset else f"{preset} {shim}".strip()
