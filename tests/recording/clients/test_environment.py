"""The variables that lead a client to a recorder."""

from __future__ import annotations

from apitrail.recording.clients import environment
from apitrail.recording.clients.shared_config import SharedConfig

CONFIG = SharedConfig(active="default")


def changes(
    preset: dict[str, str], *, run: str | None = None, endpoints: dict[str, str] | None = None
) -> dict[str, str]:
    return environment.changes(
        preset, CONFIG, proxy="http://127.0.0.1:8080", run=run,
        bundle=lambda store: f"ours+{store}", endpoints=endpoints or {},
    )  # fmt: skip


def test_the_run_is_the_user_name_of_the_proxy() -> None:
    found = changes({}, run="ab12")
    assert {found[name] for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")} == {
        "http://run-ab12:x@127.0.0.1:8080"
    }


def test_nodes_options_are_extended_once() -> None:
    once = changes({"NODE_OPTIONS": "--max-old-space-size=99"})["NODE_OPTIONS"]
    assert once.startswith("--max-old-space-size=99 --require=")
    assert changes({"NODE_OPTIONS": once})["NODE_OPTIONS"] == once


def test_a_client_that_ignores_endpoints_is_told_not_to_ignore_ours() -> None:
    ignoring = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    found = changes(ignoring, endpoints={"AWS_ENDPOINT_URL": "http://127.0.0.1:1"})
    assert found["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] == "false"
    assert "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS" not in changes(ignoring)
