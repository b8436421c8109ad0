"""The variables that send a client's AWS calls through a recorder.

It does not know whether one is running; it takes an environment and returns the changes.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from importlib import resources
from urllib.parse import quote, urlsplit, urlunsplit

from apitrail.aws.find import host as aws_host
from apitrail.recording.clients import ca_bundle as bundles
from apitrail.recording.clients import endpoints

# A proxy user name that starts so says which run a client belongs to.
RUN_USER = "run-"

# Instance, container and EKS metadata: credentials come from there, and never through a proxy.
METADATA = ("169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254")
LOCAL = ("localhost", "127.0.0.1", "::1")

# Variables that replace a client's trust store, so that they need all of it: aws-cli and SDKs,
# requests and old botocore, curl, Go and OpenSSL.
# Each with where its client looks when it is not set.
STORES = {
    "AWS_CA_BUNDLE": ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"),
    "REQUESTS_CA_BUNDLE": ("CURL_CA_BUNDLE", "SSL_CERT_FILE"),
    "CURL_CA_BUNDLE": ("SSL_CERT_FILE",),
    "SSL_CERT_FILE": (),
}
# Node adds to its store.
NODE_STORE = "NODE_EXTRA_CA_CERTS"

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY")

# Names that a recorded command must not be steered by.
_SAMPLE_HOSTS = ("sts.amazonaws.com", "s3.us-east-1.amazonaws.com", "sts.eu-west-1.api.aws")


def changes(
    environment: Mapping[str, str],
    *,
    proxy: str | None,
    run: str | None,
    bundle: Callable[[str | None], str],
    endpoints: Mapping[str, str],
) -> dict[str, str]:
    """Variables to set, over `environment`.

    Args:
        environment: what the command would have had.
        proxy: the recorder's URL for HTTPS_PROXY.
        run: the run's id, carried as the user name in the proxy's URL.
        bundle: gives the path of a bundle with our CA and the one at the given path (or the
            system's, where None).
        endpoints: variable → URL of the reverse listener that stands before that endpoint.
    """  # fmt: skip
    found: dict[str, str] = dict(endpoints)
    if proxy is not None:
        url = with_run(proxy, run)
        for name in PROXIES:
            found[name] = found[name.lower()] = url
        found["NO_PROXY"] = found["no_proxy"] = no_proxy(environment)
        found["NODE_OPTIONS"] = _node_options(environment.get("NODE_OPTIONS", ""))
    for name in STORES:
        found[name] = bundle(_store(environment, name))
    found[NODE_STORE] = bundle(environment.get(NODE_STORE) or None)
    return found


def check(environment: Mapping[str, str]) -> None:
    """Raise UsageError where a preset store cannot be read: its client would not work either."""
    for store in {_store(environment, name) for name in STORES} | {environment.get(NODE_STORE)}:
        if store:
            bundles.read(store)


def trusted_store(environment: Mapping[str, str]) -> str | None:
    """The path of the store that an SDK would have checked AWS's certificate with, if not its own."""
    preset = environment.get("AWS_CA_BUNDLE") or endpoints.ca_bundle(environment)
    return preset or _store(environment, "AWS_CA_BUNDLE")


def _store(environment: Mapping[str, str], name: str) -> str | None:
    names = (name, *STORES[name])
    return next((environment[each] for each in names if environment.get(each)), None)


def with_run(proxy: str, run: str | None) -> str:
    """The proxy's URL with the run as its user name; the password says nothing."""
    if run is None:
        return proxy
    parts = urlsplit(proxy)
    return urlunsplit(parts._replace(netloc=f"{quote(RUN_USER + run)}:x@{parts.netloc}"))


def no_proxy(environment: Mapping[str, str]) -> str:
    """The preset exceptions without those that would let AWS calls past, and those that must be."""
    preset = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    kept = [
        rule for rule in (part.strip() for part in preset.split(",")) if rule and not bypasses(rule)
    ]
    return ",".join(dict.fromkeys([*kept, *METADATA, *LOCAL]))


def bypasses(rule: str) -> bool:
    """Would this NO_PROXY rule let calls to AWS go past the recorder?"""
    name = rule.lower().lstrip("*").lstrip(".").partition(":")[0]
    if not name:
        return True  # `*`
    return aws_host.is_aws(name) or any(
        fnmatch.fnmatch(sample, f"*.{name}") or sample == name for sample in _SAMPLE_HOSTS
    )


def _node_options(preset: str) -> str:
    path = str(resources.files("apitrail.recording.clients").joinpath("node-proxy.cjs"))
    shim = f'--require="{path}"' if " " in path else f"--require={path}"
    return preset if shim in preset else f"{preset} {shim}".strip()
