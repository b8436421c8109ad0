"""The shared configuration as botocore itself reads it."""

from __future__ import annotations

from pathlib import Path

import botocore.session
import pytest

from apitrail.recording.clients.shared_config import SharedConfig


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aws").mkdir()
    return tmp_path


def read(home: Path, config: str = "", credentials: str = "", **more: str) -> SharedConfig:
    (home / ".aws" / "config").write_text(config)
    (home / ".aws" / "credentials").write_text(credentials)
    return SharedConfig.of({"HOME": str(home), **more})


@pytest.mark.parametrize(
    ("config", "credentials", "profile"),
    [
        ("[default]\nendpoint_url = http://a\n", "", None),
        ("", "[default]\nendpoint_url = http://b\n", None),
        ("[default]\nendpoint_url=http://a\n", "[default]\nendpoint_url=http://b\n", None),
        ("[profile x]\nendpoint_url = http://c\n", "[x]\naws_access_key_id = A\n", "x"),
        ('[profile "a b"]\nendpoint_url = http://c\n', "", "a b"),
        ("[profile default]\nendpoint_url = http://d\n", "", None),
        ("[x]\nendpoint_url = http://no\n[default]\nregion = r\n", "", None),
    ],
)
def test_a_setting_is_what_botocore_finds(
    home: Path, monkeypatch: pytest.MonkeyPatch, config: str, credentials: str, profile: str | None
) -> None:
    found = read(home, config, credentials, **({"AWS_PROFILE": profile} if profile else {}))
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    monkeypatch.setenv("HOME", str(home))
    session = botocore.session.Session(profile=profile)
    assert found.get("endpoint_url") == session.get_scoped_config().get("endpoint_url")


def test_endpoints_of_services_are_those_of_the_named_section(home: Path) -> None:
    text = (
        "[default]\nservices = mine\n[services mine]\ns3 =\n  endpoint_url = http://s3\n"
        "dynamodb =\n  region = x\n[services other]\nsts =\n  endpoint_url = http://sts\n"
    )
    assert list(read(home, text).service_endpoints()) == [("s3", "http://s3")]


def test_the_variables_name_other_files(home: Path) -> None:
    (home / "elsewhere").write_text("[default]\nca_bundle = /x.pem\n")
    assert read(home, AWS_CONFIG_FILE="~/elsewhere").get("ca_bundle") == "/x.pem"


def test_a_file_that_botocore_cannot_read_is_named(home: Path) -> None:
    found = read(home, "[default]\nregion = a\n[default]\nregion = b\n")
    assert found.unreadable == (str(home / ".aws" / "config"),)
    assert found.get("region") is None


def test_no_files_are_no_settings(tmp_path: Path) -> None:
    found = SharedConfig.of({"HOME": str(tmp_path)})
    assert (found.active, dict(found.profiles)) == ("default", {})
