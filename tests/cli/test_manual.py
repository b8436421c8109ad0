"""Manual pages say what the help texts say, in a form that man reads."""

import re
import shutil
import subprocess

from apitrail.__main__ import run
from apitrail.cli import COMMANDS


def read(text):
    """The page as a person sees it, where this machine can show one."""
    if shutil.which("groff") is None:
        return re.sub(r"\\f[BR]|\\&", "", text).replace("\\-", "-").replace("\\e", "\\")
    shown = subprocess.run(
        ["groff", "-K", "utf8", "-man", "-Tutf8", "-ww", "-P", "-c"],
        input=text.encode(), capture_output=True, check=True,
    )  # fmt: skip
    assert shown.stderr == b""
    return re.sub(".\x08", "", shown.stdout.decode()).replace("\N{HYPHEN}", "-")


def test_the_page_of_a_command_in_a_pipe(capsys):
    assert run(["man", "key", "rotate"]) == 0
    text = capsys.readouterr().out
    assert text.startswith('.TH "APITRAIL-KEY-ROTATE" "1"')
    shown = " ".join(read(text).split())
    assert "apitrail-key-rotate - " in shown
    assert "--trail DIR" in shown


def test_every_command_has_a_page_that_man_reads(tmp_path, capsys):
    assert run(["man", "--write", str(tmp_path / "man1")]) == 0
    pages = {path.name: path.read_text("utf-8") for path in (tmp_path / "man1").iterdir()}
    assert {f"apitrail-{name}.1" for name in COMMANDS} | {"apitrail.1"} <= set(pages)
    for text in pages.values():
        shown = read(text)
        assert "NAME" in shown
        assert "SYNOPSIS" in shown
    assert "Only failed calls" in read(pages["apitrail-events.1"])
    assert "reconcile" in read(pages["apitrail.1"])


def test_what_is_no_command_is_said(capsys):
    assert run(["man", "evnts"]) == 2
    assert "no command 'apitrail evnts'" in capsys.readouterr().err
