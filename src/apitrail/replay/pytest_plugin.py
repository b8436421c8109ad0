"""The pytest plugin: `apitrail_playback` lets a test run on recorded answers, without AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from apitrail.replay.playback.player import Player

# Variables that would lead a client past the playback, or to real credentials.
_STEERING = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Playback:
    """A recording that is being played: where, and what was asked that it has no answer to."""

    url: str
    player: Player

    @property
    def misses(self) -> list[str]:
        """One line for each call that was not recorded, in order."""
        return self.player.misses


@pytest.fixture
def apitrail_playback(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Playback]]:
    """Play a trail or a bundle: `apitrail_playback("tests/data/story.zip")`.

    From then on and for this test, AWS clients that are made find the recording as their
    endpoint, and credentials that are nobody's. Further arguments are the fields of
    `apitrail.query.Filter`, and `upstream`, to which calls that were not recorded are forwarded.
    """
    with ExitStack() as stack:

        def play(path: str | Path, *, upstream: str | None = None, **where: Any) -> Playback:
            from apitrail.query import Filter
            from apitrail.replay.playback import listener

            player = listener.prepare(Path(path), Filter(**where), upstream=upstream)
            url = stack.enter_context(listener.running(player))
            _steer(monkeypatch, url, player.answers.regions)
            return Playback(url, player)

        yield play


def _steer(monkeypatch: pytest.MonkeyPatch, url: str, regions: dict[str, int]) -> None:
    import os

    for name in (*_STEERING, *(n for n in os.environ if n.startswith("AWS_ENDPOINT_URL_"))):
        monkeypatch.delenv(name, raising=False)
    usual = max(regions, key=regions.__getitem__, default="us-east-1")
    settings = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAPLAYBACKPLAYBACK",
        "AWS_SECRET_ACCESS_KEY": "playback",
        "AWS_DEFAULT_REGION": usual,
        "AWS_REGION": usual,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
