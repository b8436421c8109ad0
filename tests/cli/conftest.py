"""A trail to read, and the command line to read it with."""

import pytest

import trails
from apitrail.__main__ import run


@pytest.fixture(autouse=True)
def _own_configuration(tmp_path, monkeypatch):
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path / "config"))
    monkeypatch.delenv("APITRAIL_TRAIL", raising=False)


@pytest.fixture
def trail(tmp_path):
    return trails.make(tmp_path / "trail", 12)


@pytest.fixture
def cli(capsys, trail):
    """Run a command on the trail: exit status, stdout, stderr."""

    def call(*arguments: str, on=trail):
        status = run([*arguments, "--trail", str(on)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call
