"""The variables that name a client's trust store, and what each must be so that it trusts our CA."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apitrail.recording.clients import ca_bundle
from apitrail.recording.clients.shared_config import SharedConfig

# Variables that are always set, each with where its client looks when it is not. Each replaces the
# client's store, so it needs all of it: botocore and requests (botocore.endpoint reads
# REQUESTS_CA_BUNDLE where no `ca_bundle` is configured), curl, Go and OpenSSL.
ALWAYS = {
    "REQUESTS_CA_BUNDLE": ("CURL_CA_BUNDLE", "SSL_CERT_FILE"),
    "CURL_CA_BUNDLE": ("SSL_CERT_FILE",),
    "SSL_CERT_FILE": (),
}
# Node adds to its store.
NODE = "NODE_EXTRA_CA_CERTS"

# SDKs prefer it to all of the above. It is set only where it, or a profile's `ca_bundle`, was:
# aws-sdk-go 1 refuses it in programs with an HTTP transport of their own (rclone 1.60).
AWS = "AWS_CA_BUNDLE"

# Variables that are extended where they are set and left alone where they are not: git, pip,
# cargo, bundler and RubyGems, gRPC, npm, Deno, httplib2, Perl's LWP, Nix, aiohttp's and uv's own.
WHERE_SET = (
    "GIT_SSL_CAINFO", "PIP_CERT", "CARGO_HTTP_CAINFO", "BUNDLE_SSL_CA_CERT",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "NPM_CONFIG_CAFILE", "npm_config_cafile", "DENO_CERT",
    "HTTPLIB2_CA_CERTS", "PERL_LWP_SSL_CA_FILE", "NIX_SSL_CERT_FILE",
)  # fmt: skip

type Bundle = Callable[[str | None], str]


def changes(environment: Mapping[str, str], config: SharedConfig, bundle: Bundle) -> dict[str, str]:
    """Variables to set; `bundle` gives the path of a bundle with our CA and the given store."""
    found = {name: bundle(_store(environment, name)) for name in ALWAYS}
    found[NODE] = bundle(environment.get(NODE) or None)
    found |= {name: bundle(environment[name]) for name in WHERE_SET if environment.get(name)}
    if environment.get(AWS) or config.anywhere("ca_bundle"):
        found[AWS] = bundle(trusted_store(environment, config))
    return found


def check(environment: Mapping[str, str]) -> None:
    """Raise UsageError where a preset store cannot be read: its client would not work either."""
    for name in (AWS, *ALWAYS, NODE, *WHERE_SET):
        if environment.get(name):
            ca_bundle.read(environment[name])


def trusted_store(environment: Mapping[str, str], config: SharedConfig) -> str | None:
    """The store that an SDK would check AWS's certificate with; None for its own.

    A file or, as SSL_CERT_DIR, a directory.
    """
    preset = environment.get(AWS) or config.get("ca_bundle")
    return (
        preset or _store(environment, "REQUESTS_CA_BUNDLE") or environment.get("SSL_CERT_DIR")
    ) or None


def _store(environment: Mapping[str, str], name: str) -> str | None:
    names = (name, *ALWAYS[name])
    return next((environment[each] for each in names if environment.get(each)), None)
