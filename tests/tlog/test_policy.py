"""Trust policies, as C2SP tlog-policy writes them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.errors import FormatError
from apitrail.tlog.cosignature import Cosigner
from apitrail.tlog.mldsa_cosignature import MldsaCosigner
from apitrail.tlog.policy import Policy
from tlog import logs

LOG = str(logs.SIGNER.verifier)


def vkey(number: int) -> str:
    return str(Cosigner(f"w{number}.example", bytes([number]) * 32).verifier)


WITNESSES = "".join(
    f"witness {n} {vkey(i)}\n" for i, n in enumerate(["X1", "X2", "X3", "Y1", "Y2", "Y3"])
)

# The example of the specification.
EXAMPLE = f"""
# A comment
log {LOG}

{WITNESSES}
  # another
group X-witnesses 2 X1 X2 X3
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def parse(text: str) -> Policy:
    return Policy.parse(text.encode())


def test_the_example_of_the_specification() -> None:
    policy = parse(EXAMPLE)
    assert [each.verifier for each in policy.logs] == [logs.SIGNER.verifier]
    assert policy.needed() == ("X1", "X2", "X3", "Y1", "Y2", "Y3")
    assert policy.fewest() == 3
    assert policy.is_met(["X1", "X3", "Y2"])
    for short in ([], ["X1", "X2", "X3"], ["X1", "Y1", "Y2", "Y3"], ["X1", "X2", "Z"]):
        assert not policy.is_met(short)


@pytest.mark.parametrize(
    ("group", "least", "enough", "short"),
    [
        ("all", 3, ["X1", "X2", "X3"], ["X1", "X2"]),
        ("any", 1, ["X2"], []),
        ("1", 1, ["X2"], []),
        ("2", 2, ["X3", "X2"], ["X3", "X3", "Y1"]),
        ("3", 3, ["X1", "X2", "X3"], ["X1", "X2"]),
    ],
)
def test_a_group_s_threshold(group: str, least: int, enough: list[str], short: list[str]) -> None:
    policy = parse(f"{WITNESSES}group g {group} X1 X2 X3\nquorum g\n")
    assert policy.fewest() == least
    assert policy.is_met(enough)
    assert not policy.is_met(short)
    assert policy.needed() == ("X1", "X2", "X3")


def test_a_quorum_may_be_one_witness_or_none() -> None:
    one = parse(f"{WITNESSES}quorum Y2\n")
    assert (one.fewest(), one.needed(), one.is_met(["Y2"]), one.is_met(["Y1"])) == (
        1,
        ("Y2",),
        True,
        False,
    )
    none = parse("quorum none")
    assert (none.fewest(), none.needed(), none.is_met([]), none.logs) == (0, (), True, ())


def test_urls_tabs_and_both_kinds_of_keys() -> None:
    mldsa = MldsaCosigner("w.example", bytes(32)).verifier
    policy = parse(
        f"\tlog\t{LOG} https://log.example/ \nwitness \t w {mldsa} https://w.example/a\nquorum w"
    )
    assert policy.logs[0].url == "https://log.example/"
    assert policy.witnesses[0].verifier == mldsa
    assert policy.witnesses[0].url == "https://w.example/a"


def test_names_are_octets() -> None:
    lines = f"witness K {vkey(1)}\nwitness \u212a {vkey(2)}\n".encode()
    lines += b"witness \xff\xfe %s\n" % vkey(3).encode()
    policy = Policy.parse(lines + b"group g 2 K \xff\xfe\nquorum g\n")
    assert len({each.name for each in policy.witnesses}) == 3
    assert policy.needed() == ("K", "\udcff\udcfe")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no quorum"),
        (f"{WITNESSES}", "no quorum"),
        ("quorum none\nquorum none\n", "line 2: a second quorum"),
        (f"{WITNESSES}quorum Z", "'Z' is neither"),
        (f"quorum X1\n{WITNESSES}", "line 1: 'X1' is neither"),
        (f"{WITNESSES}group g all X1 Z\nquorum g", "'Z' is neither"),
        (f"{WITNESSES}group g all g\nquorum g", "'g' is neither"),
        (f"{WITNESSES}group g all none\nquorum g", "'none' is neither"),
        (f"{WITNESSES}group X1 all X2\nquorum X1", "'X1' is taken"),
        (f"witness none {vkey(1)}\nquorum none", "'none' is taken"),
        (f"{WITNESSES}group g 0 X1\nquorum g", "0 of 1"),
        (f"{WITNESSES}group g 2 X1\nquorum g", "2 of 1"),
        (f"{WITNESSES}group g 01 X1\nquorum g", "not a canonical decimal"),
        (f"{WITNESSES}group g most X1\nquorum g", "not a canonical decimal"),
        (f"{WITNESSES}group g all\nquorum g", "not a log"),
        (f"{WITNESSES}group g all X1 X1\nquorum g", "'X1' is a member already"),
        (f"{WITNESSES}group g all X1\ngroup h any X1\nquorum g", "'X1' is a member already"),
        (f"witness a {vkey(1)}\nwitness a {vkey(2)}\nquorum none", "'a' is taken"),
        (f"witness a {vkey(1)}\nwitness b {vkey(1)}\nquorum none", "the key of this witness"),
        (f"log {LOG}\nlog {LOG}\nquorum none", "this log is there already"),
        (f"witness a {LOG}\nquorum none", "not of type 0x04"),
        (f"log {vkey(1)}\nquorum none", "not of type 0x01"),
        (f"log {LOG} url more\nquorum none", "not a log"),
        ("Quorum none", "not a log"),
        ("quorum none\r\n", "control character"),
        ("quorum\x0bnone", "control character"),
        ("quorum none # why", "not a log"),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(text: str, problem: str) -> None:
    with pytest.raises(FormatError, match=problem):
        parse(text)


def test_one_key_under_two_names_is_one_witness() -> None:
    two = [str(Cosigner(name, bytes(32)).verifier) for name in ("a.example", "b.example")]
    with pytest.raises(FormatError, match="line 2: the key of this witness is there already"):
        parse(f"witness a {two[0]}\nwitness b {two[1]}\nquorum none\n")


@given(st.binary() | st.text().map(lambda text: f"quorum none\n{text}".encode()))
def test_junk_is_a_policy_or_malformed(data: bytes) -> None:
    with suppress(FormatError):
        assert Policy.parse(data).is_met([])
