"""Where things lie on this machine."""

import stat
from pathlib import Path

import pytest

from apitrail import places
from apitrail.errors import UsageError
from apitrail.tlog import note


def test_the_configuration_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path))
    assert places.directory() == tmp_path
    monkeypatch.delenv("APITRAIL_CONFIG")
    assert places.directory().name == "apitrail"


def test_the_trail_is_in_the_home_directory(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.default_trail() == tmp_path / ".apitrail"


def test_a_trail_s_directory_is_its_owner_s_alone(tmp_path):
    places.make_directory(tmp_path / "a" / "trail")
    places.make_directory(tmp_path / "a" / "trail")
    assert stat.S_IMODE((tmp_path / "a" / "trail").stat().st_mode) == 0o700


def test_what_is_no_directory_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot make a trail"):
        places.make_directory(Path(tmp_path / "file" / "trail"))


@pytest.mark.parametrize(
    ("host", "begins"),
    [
        ("box.example.com", "box.example.com/apitrail/"),
        ("My Laptop+é", "my-laptop--/apitrail/"),
        ("", "localhost/apitrail/"),
    ],
)
def test_a_public_name_is_like_a_url_without_its_scheme(monkeypatch, host, begins):
    monkeypatch.setattr("socket.gethostname", lambda: host)
    name = places.public_name("apitrail")
    assert name.startswith(begins)
    assert name != places.public_name("apitrail")
    note.check_name(name)
