"""The one spelling of base64 and of decimals, and the characters a text may have."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.errors import FormatError
from apitrail.tlog import encoding


@given(st.binary(max_size=70))
def test_base64_and_bytes_are_inverses(data: bytes) -> None:
    assert encoding.decode_base64(encoding.encode_base64(data), "it", length=len(data)) == data


@given(st.text(alphabet="AQRgh+/=-_ \n\u0660", max_size=9) | st.text(max_size=9))
def test_base64_that_decodes_is_what_would_be_encoded(text: str) -> None:
    with suppress(FormatError):
        assert encoding.encode_base64(encoding.decode_base64(text, "it")) == text


@pytest.mark.parametrize("text", ["QQ=", "QQ", "QR==", "QQ==\n", "Q Q=", "QQ==QQ==", "_-__", "é"])
def test_another_spelling_of_base64_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="base64"):
        encoding.decode_base64(text, "it")


def test_base64_of_another_length_is_refused() -> None:
    with pytest.raises(FormatError, match="the root has 1 bytes instead of 32"):
        encoding.decode_base64("QQ==", "the root", length=32)


@given(st.integers(0, 2**63 - 1))
def test_decimals_and_integers_are_inverses(number: int) -> None:
    assert encoding.decode_decimal(str(number), "it") == number


@pytest.mark.parametrize(
    "text",
    ["", "00", "01", "-1", "+1", " 1", "1\n", "1_0", "\u0661", "0x1", str(2**63), "9" * 9999],
)
def test_another_spelling_of_a_decimal_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match="canonical decimal"):
        encoding.decode_decimal(text, "it")


@pytest.mark.parametrize(
    "text", ["", "no newline", "tab\t\n", "return\r\n", "nul\0\n", "escape\x1b\n", "\ud800\n"]
)
def test_text_that_no_note_may_hold_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"^text "):
        encoding.check_text(text, "text")


def test_text_may_hold_anything_else() -> None:
    encoding.check_text("è subito\n\n\x7f \u2028\x85 sera\n", "text")


def test_utf8_is_strict_and_bounded() -> None:
    assert encoding.decode_utf8("è".encode(), "it", limit=2) == "è"
    with pytest.raises(FormatError, match="more than 1"):
        encoding.decode_utf8("è", "it", limit=1)
    for data in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", "\ud800"):
        with pytest.raises(FormatError, match="not UTF-8"):
            encoding.decode_utf8(data, "it", limit=9)
