"""A request in, the recorded answer out."""

from __future__ import annotations

from moto import mock_aws

from apitrail.query import Filter
from apitrail.redact import Redactor
from apitrail.replay.playback.answers import Answers
from apitrail.replay.playback.player import Player
from apitrail.trail.keys import Keys
from studio import Studio, calls


def test_the_recorded_request_gets_its_recorded_answer(tmp_path):
    with mock_aws():
        studio = Studio()
        studio.client("iam").create_user(UserName="mary")
    trail = studio.record(tmp_path / "trail")
    redactor = Redactor(Keys.of(trail).redaction())
    player = Player(answers=Answers(calls(trail), keyed=True), redactor=redactor)
    [exchange] = studio.exchanges
    played = player.play(exchange.request)
    assert (played.status, played.body) == (200, exchange.response.body.data)
    assert Filter().is_open
