"""`apitrail witness` as a person starts it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

import trails
from apitrail.__main__ import run
from apitrail.tlog.mldsa_cosignature import parse_verifier
from apitrail.web import listener

VKEY = str(trails.SIGNER.verifier)


def test_it_prints_its_keys_and_serves_until_it_is_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = listener.run

    def stopped(app, listening, *, ready):
        """The real server, which is asked once and then told to end."""

        def answered() -> None:
            ready()
            os.kill(os.getpid(), signal.SIGTERM)
            asked.append(listening.getsockname()[1])

        real(app, listening, ready=answered)

    monkeypatch.setattr(listener, "run", stopped)
    key = tmp_path / "log.vkey"
    key.write_text(f"{VKEY}\n")
    arguments = ["witness", "--listen", "127.0.0.1:0", "--state", str(tmp_path / "state")]
    assert run([*arguments, "--log", str(key), "--name", "w.example"]) == 0
    captured = capsys.readouterr()
    first = captured.out.split()
    assert [parse_verifier(vkey).name for vkey in first] == ["w.example", "w.example"]
    assert f"for the log {trails.ORIGIN}" in captured.err
    assert f"witness w.example {first[0]} http://127.0.0.1:{asked[0]}/" in captured.err
    assert run([*arguments, "--log", VKEY]) == 0
    assert capsys.readouterr().out.split() == first


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--log", "junk"], "malformed key"),
        (["--log", VKEY, "--name", "a b"], "malformed key name"),
        (["--log", VKEY, "--listen", "nowhere"], "not an address"),
        ([], "missing option '--log'"),
    ],
)
def test_what_cannot_be_is_refused_before_it_listens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    assert run(["witness", "--state", str(tmp_path / "state"), *arguments]) == 2
    assert problem in capsys.readouterr().err
