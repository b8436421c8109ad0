"""`[[alert]]`: where alerts go, and what is told where that cannot be."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError
from apitrail.recording.alerts import alert_settings

ROOT = {"rule": "built-in:root-used"}
HOOK = {"webhook": "https://hooks.example.com/T0/secret"}


@pytest.fixture
def key(tmp_path):
    (tmp_path / "key").write_text("k" * 32)
    (tmp_path / "key").chmod(0o600)
    return {"secret_file": "key"}


def test_an_alert_goes_to_each_place_it_names(tmp_path, key, monkeypatch):
    table = {**ROOT, **HOOK, **key, "file": "a.jsonl", "command": ["notify", "x"], "timeout": "5s"}
    [alert] = alert_settings.parse([table], tmp_path)
    assert alert.name == "root-used"
    assert [sink.shown for sink in alert.sinks] == [
        f"file {tmp_path / 'a.jsonl'}", "command notify", "webhook https://hooks.example.com/",
    ]  # fmt: skip
    assert {sink.patience for sink in alert.sinks} == {5.0}
    monkeypatch.setenv("HOOK_KEY", "k" * 32)
    [other] = alert_settings.parse([{**ROOT, **HOOK, "secret_env": "HOOK_KEY"}], tmp_path)
    assert other.sinks[0].keys == alert.sinks[2].keys
    assert other.sinks[0].name == alert.sinks[2].name


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "it goes nowhere"),
        ({"colour": 1, "file": "x"}, "unknown field 'colour'"),
        ({"file": 1}, "file cannot be 1"),
        ({"command": "notify"}, "command cannot be 'notify'"),
        ({"command": []}, r"command cannot be \[\]"),
        (HOOK, "a webhook needs secret_file or secret_env"),
        (HOOK | {"secret_env": "NO_SUCH"}, "there is no variable 'NO_SUCH'"),
        (HOOK | {"secret_file": "none"}, "cannot read"),
        (HOOK | {"secret_file": "open"}, "can be read by others"),
        ({"secret_file": "key", "file": "x"}, "a secret is for a webhook"),
        ({"webhook": "ftp://x/", "secret_file": "key"}, "webhook is not a URL of http or https"),
        ({"webhook": "https://u:pass@x/", "secret_file": "key"}, "cannot have a user"),
        ({"file": "x", "timeout": "0s"}, "timeout cannot be '0s'"),
        ({"file": "x", "timeout": "2h"}, "timeout cannot be '2h'"),
    ],
)
def test_what_cannot_be_used_is_told_without_a_secret(tmp_path, key, more, told):
    (tmp_path / "open").write_text("k" * 32)
    (tmp_path / "open").chmod(0o644)
    with pytest.raises(UsageError, match=f"alert 'root-used': .*{told}") as error:
        alert_settings.parse([ROOT | more], tmp_path)
    for secret in ("secret", "pass", "kkkk"):
        assert f"/{secret}" not in str(error.value)
        assert f"{secret}@" not in str(error.value)


def test_two_alerts_have_two_names(tmp_path):
    table = {**ROOT, "file": "x"}
    with pytest.raises(UsageError, match="two alerts are called 'root-used'"):
        alert_settings.parse([table, table], tmp_path)
    with pytest.raises(UsageError, match="alert is not a list of tables"):
        alert_settings.parse({"rule": "x"}, tmp_path)
