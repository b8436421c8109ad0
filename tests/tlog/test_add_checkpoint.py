"""What a log and a witness send each other, to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.errors import FormatError
from apitrail.tlog import add_checkpoint
from apitrail.tlog.add_checkpoint import AddCheckpoint
from tlog import logs

# The example of C2SP tlog-witness.
EXAMPLE = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""


def test_the_specification_s_example_is_read_and_printed() -> None:
    asked = AddCheckpoint.parse(EXAMPLE.encode())
    assert (asked.old, len(asked.proof), asked.head.size) == (20852014, 4, 20852163)
    assert str(asked) == EXAMPLE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("old 20852014", "old 020852014"),
        ("old 20852014", "old -1"),
        ("old 20852014", "old  20852014"),
        ("old 20852014", "Old 20852014"),
        ("old 20852014", "old 9223372036854775808"),
        ("old 20852014\n", ""),
        ("PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=", "PlRN"),
        (
            "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=",
            "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=",
        ),
        ("\n\nexample", "\nexample"),
        ("\n— example.com/behind-the-sofa Az", "\nAz"),
        ("20852163\nCsUY", "20852163\n"),
        ("\n", "\r\n"),
    ],
)
def test_another_spelling_is_malformed(before: str, after: str) -> None:
    with pytest.raises(FormatError):
        AddCheckpoint.parse(EXAMPLE.replace(before, after))


@pytest.mark.parametrize("count", [63, 64])
def test_a_proof_has_at_most_63_lines(count: int) -> None:
    line = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    text = f"old 9\n{line * count}\n{logs.signed_head(99)}"
    if count == 63:
        assert str(AddCheckpoint.parse(text)) == text
        return
    with pytest.raises(FormatError, match="63 hashes"):
        AddCheckpoint.parse(text)


@given(st.binary() | st.text().map(lambda text: f"old {text}".encode()))
def test_junk_is_only_malformed(data: bytes) -> None:
    with pytest.raises(FormatError):
        AddCheckpoint.parse(data)


@given(st.integers(0, 2**63 - 1))
def test_a_size_is_printed_and_read(size: int) -> None:
    assert add_checkpoint.parse_size(add_checkpoint.format_size(size).encode()) == size


@pytest.mark.parametrize(
    "body", [b"", b"\n", b"1", b"01\n", b"1\n\n", b"-1\n", b"\xff\n", b"1" * 200]
)
def test_a_malformed_size_is_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        add_checkpoint.parse_size(body)


def test_lines_are_read_as_they_come() -> None:
    lines = EXAMPLE.rpartition("\n\n")[2]
    found = add_checkpoint.parse_lines(lines.encode())
    assert "".join(f"{line}\n" for line in found) == lines


@pytest.mark.parametrize("body", [b"", b"text\n", "— w AAAA".encode(), "— w AAAAAAAA\n\n".encode()])
def test_malformed_lines_are_refused(body: bytes) -> None:
    with pytest.raises(FormatError):
        add_checkpoint.parse_lines(body)
