"""The settings that the log tells."""

from __future__ import annotations

import json
from pathlib import Path

from apitrail.recording.settings import Settings


def test_other_options_of_the_proxy_are_not_told() -> None:
    # The password of a corporate proxy is among them.
    secret = Settings(settings={"upstream_auth": "clerk:password"})
    assert secret.summary() == Settings().summary()
    assert "password" not in json.dumps(secret.summary())


def test_what_is_told_has_a_digest_of_its_own() -> None:
    digests = {
        Settings(upstream=url, configuration=path).summary()["sha256"]
        for url in (None, "http://localhost:4566")
        for path in (None, Path("config.toml"))
    }
    assert len(digests) == 4
