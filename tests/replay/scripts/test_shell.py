"""Variables inside quoted text, put in by a real shell."""

from __future__ import annotations

import json
import subprocess
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from apitrail.replay.scripts import shell
from apitrail.replay.scripts.shell import Marks
from apitrail.replay.scripts.steps import Given, Secret, Text

AWKWARD = ("plain", "it's", 'a "b"', "back\\slash\\", "two\nlines\n", "tab\tcr\r", "$HOME `x` $(y)", "é <&>", "-n", "%41.")  # fmt: skip


def printed(word: str, **given: str) -> str:
    script = "\n".join([*shell.FUNCTIONS.values(), f"printf %s {word}"])
    done = subprocess.run(
        ["sh", "-euc", script], env={"PATH": "/usr/bin:/bin", **given}, capture_output=True, check=True
    )  # fmt: skip
    return done.stdout.decode()


def text(*parts: str | Given | Secret) -> Text:
    return Text(parts, "as recorded")


@pytest.mark.parametrize("value", AWKWARD)
@pytest.mark.parametrize("around", [("", ""), ("it's ", ""), ("", "/x y"), ("a'b", "c'd")])
def test_a_variable_is_put_in_as_it_is(value: str, around: tuple[str, str]) -> None:
    marks = Marks()
    marked = marks.marked(text(around[0], Secret(1), around[1]))
    assert printed(marks.quoted(marked), REDACTED_1=value) == f"{around[0]}{value}{around[1]}"


@pytest.mark.parametrize("value", AWKWARD)
def test_in_json_it_is_escaped(value: str) -> None:
    document = {"a'b": [text("x", Secret(1), Given("vpc_id", ("Vpc",)))], "n": 5}
    word = shell.document(document, Marks())
    found = json.loads(printed(word, REDACTED_1=value, vpc_id='"v"'))
    assert found == {"a'b": [f'x{value}"v"'], "n": 5}


@pytest.mark.parametrize("value", AWKWARD)
def test_in_urls_and_forms_it_is_percent_encoded(value: str) -> None:
    marks = Marks()
    marked = marks.marked(text("Password=", Secret(1)))
    assert unquote(printed(marks.quoted(marked, shell.PERCENT), REDACTED_1=value)) == f"Password={value}"  # fmt: skip


def test_in_xml_it_is_escaped() -> None:
    marks = Marks()
    marked: Any = f"<a>{marks.marked(text(Secret(1)))}</a>"
    element = ET.fromstring(printed(marks.quoted(marked, shell.XML), REDACTED_1="é <&>"))
    assert element.text == "é <&>"


def test_a_text_without_variables_is_quoted() -> None:
    assert Marks().quoted("it's") == "'it'\"'\"'s'"
    assert Marks().quoted("") == "''"
