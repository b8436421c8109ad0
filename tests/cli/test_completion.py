"""A shell that was given the script completes commands, options and choices."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from apitrail.__main__ import run
from apitrail.cli.completion import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script_of_its_own(capsys, shell):
    assert run(["completion", shell]) == 0
    assert "_APITRAIL_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (["apitrail", "ev"], {"events"}),
        (["apitrail", "events", "--event-n"], {"--event-name"}),
        (["apitrail", "events", "--output", "js"], {"json", "jsonl"}),
        (["apitrail", "key", "ro"], {"rotate"}),
    ],
)
def test_bash_completes_what_was_typed(capsys, tmp_path, typed, expected):
    run(["completion", "bash"])
    script = tmp_path / "completion.sh"
    # An old bash has no `nosort`, which only orders what is shown.
    text = capsys.readouterr().out.replace("complete -o nosort -F", "complete -F")
    words = " ".join(typed)
    script.write_text(
        f"{text}\nCOMP_WORDS=({words}) COMP_CWORD={len(typed) - 1}\n_apitrail_completion apitrail\n"
        'printf "%s\\n" "${COMPREPLY[@]}"\n'
    )
    done = subprocess.run(
        ["bash", str(script)], capture_output=True, text=True, check=True,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert set(done.stdout.split()) == expected


def test_another_shell_is_refused(capsys):
    assert run(["completion", "tcsh"]) == 2
    assert "'bash', 'zsh', 'fish'" in capsys.readouterr().err
