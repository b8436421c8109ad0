"""Signed notes: the specification's example, Go's, and everything that must be refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apitrail.errors import FormatError, VerificationError
from apitrail.tlog import note
from apitrail.tlog.note import Note, Signature, Signer, UnknownKeyError, Verifier
from tlog import logs

# The example of golang.org/x/mod/sumdb/note's documentation.
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
GO_NOTE = GO_TEXT + (
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)

ALICE = Signer.generate("alice.example", bytes(range(32)))
BOB = Signer.generate("bob.example", bytes(range(32, 64)))
ALICE_2 = Signer.generate("alice.example", bytes(range(64, 96)))

names = st.text(st.characters(min_codepoint=33, exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: "+" not in name and not any(character.isspace() for character in name)
)
texts = st.lists(
    st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=20), min_size=1
).map(lambda lines: "".join(f"{line}\n" for line in lines))
signatures = st.builds(
    Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80)
)
notes = st.builds(Note, texts, st.lists(signatures, min_size=1, max_size=5).map(tuple))


def test_go_s_example_is_opened_and_made_byte_for_byte() -> None:
    signer = Signer.parse(GO_SKEY)
    assert str(signer) == GO_SKEY
    assert str(signer.verifier) == GO_VKEY
    assert note.sign(GO_TEXT, signer) == GO_NOTE
    opened = note.open(GO_NOTE, [Verifier.parse(GO_VKEY)])
    assert opened.text == GO_TEXT
    assert [signature.name for signature in opened.signatures] == ["PeterNeumann"]


def test_a_text_keeps_its_empty_lines() -> None:
    text = "Ognuno sta solo\n\n\ned è subito sera.\n\n"
    signed = note.sign(text, ALICE, BOB)
    assert note.open(signed.encode(), [ALICE.verifier]).text == text
    assert note.sign("\n", ALICE).startswith("\n\n— alice.example ")


@given(notes)
def test_notes_and_their_texts_are_inverses(value: Note) -> None:
    assert Note.parse(str(value)) == Note.parse(str(value).encode()) == value


@given(st.binary() | st.text() | st.from_regex(r"\w+\n\n(— \w+ [A-Za-z/+=]+\n)+", fullmatch=True))
def test_what_parses_is_what_is_printed_and_junk_is_only_malformed(data: bytes | str) -> None:
    with suppress(FormatError):
        parsed = str(Note.parse(data))
        assert data in (parsed, parsed.encode())


@given(st.text() | st.from_regex(r"(PRIVATE\+KEY\+)?\w+\+[0-9a-f]{8}\+A[\w/+]{43}", fullmatch=True))
def test_junk_for_keys_is_only_malformed(text: str) -> None:
    for kind in (Verifier, Signer):
        with suppress(FormatError):
            assert str(kind.parse(text)) == text


@given(names, st.binary(min_size=32, max_size=32))
def test_keys_and_their_texts_are_inverses(name: str, seed: bytes) -> None:
    signer = Signer.generate(name, seed)
    assert Signer.parse(str(signer)) == signer
    assert Verifier.parse(str(signer.verifier)) == signer.verifier


LINE = "— alice.example AAAAAAA=\n"  # five bytes: an id and one byte of signature


@pytest.mark.parametrize(
    "text",
    [
        "", "text\n", "text\n\n", f"text\n{LINE}", LINE, f"\n{LINE}", f"text\n\n{LINE}\n",
        f"text\n\n{LINE[:-1]}", f"text\n\n{LINE}junk\n", f"text\n\n{LINE}{LINE[:-1]}",
        f"te\txt\n\n{LINE}", f"text\r\n\n{LINE}", f"te\0xt\n\n{LINE}",
        "text\n\n— alice.example\n", "text\n\n— alice.example \n", "text\n\n—  AAAAAAA=\n",
        "text\n\n—alice.example AAAAAAA=\n", "text\n\n- alice.example AAAAAAA=\n",
        "text\n\n— alice.example AAAAAAA= \n", "text\n\n— alice.example  AAAAAAA=\n",
        "text\n\n— ali+ce AAAAAAA=\n", "text\n\n— ali\u00a0ce AAAAAAA=\n",
        "text\n\n— ali\u2028ce AAAAAAA=\n", "text\n\n— alice.example AAAAAA==\n",
        "text\n\n— alice.example AAAAAAA\n", "text\n\n— alice.example AAAAAAB=\n",
        "text\n\n— alice.example AAAAAA_=\n", "text\n\n— alice.example AAAA\n",
    ],
)  # fmt: skip
def test_a_malformed_note_is_refused(text: str) -> None:
    with pytest.raises(FormatError, match=r"malformed|base64|control|newline"):
        Note.parse(text)


def test_sixteen_signatures_are_taken_a_hundred_too_but_not_more() -> None:
    signed = note.sign("text\n", ALICE)
    strangers = [f"— stranger{index}.example AAAAAAA=\n" for index in range(100)]
    for count in (15, 99):
        opened = note.open(signed + "".join(strangers[:count]), [ALICE.verifier])
        assert len(opened.signatures) == 1
    with pytest.raises(FormatError, match="101 signatures"):
        Note.parse(signed + "".join(strangers))
    with pytest.raises(FormatError, match="with 0 signatures"):
        note.sign("text\n")


def test_a_note_beyond_a_megabyte_is_refused() -> None:
    with pytest.raises(FormatError, match="more than 1000000"):
        Note.parse("x" * 10**6 + f"\n\n{LINE}")


@pytest.mark.parametrize("text", ["", "no newline", "tab\t\n", "\ud800\n"])
def test_a_text_that_no_note_may_hold_is_not_signed(text: str) -> None:
    with pytest.raises(FormatError, match="note text"):
        note.sign(text, ALICE)


def test_unknown_lines_are_ignored_even_if_they_share_a_name_or_an_id() -> None:
    namesake = Signature("alice.example", b"\0\0\0\0", b"x" * 64)
    same_id = Signature("mallory.example", ALICE.verifier.key_id, b"x" * 64)
    signed = Note.parse(note.sign("text\n", ALICE))
    crowded = str(Note(signed.text, (namesake, *signed.signatures, same_id)))
    assert note.open(crowded, [ALICE.verifier, BOB.verifier]) == signed


@pytest.mark.parametrize("data", [b"x", b"x" * 63, b"x" * 64, BOB.sign(b"other\n")])
def test_a_known_key_with_a_bad_signature_spoils_the_whole_note(data: bytes) -> None:
    signed = Note.parse(note.sign("text\n", ALICE))
    bad = Signature("bob.example", BOB.verifier.key_id, data)
    spoiled = str(Note(signed.text, (*signed.signatures, bad)))
    with pytest.raises(VerificationError, match=r"by 'bob.example' is not good") as caught:
        note.open(spoiled, [ALICE.verifier, BOB.verifier])
    assert not isinstance(caught.value, UnknownKeyError)
    assert note.open(spoiled, [ALICE.verifier]) == signed


def test_a_bad_second_signature_by_the_same_key_spoils_the_note_too() -> None:
    twice = note.sign("text\n", ALICE) + note.sign("other\n", ALICE).split("\n\n")[1]
    with pytest.raises(VerificationError, match="is not good"):
        note.open(twice, [ALICE.verifier])


def test_a_key_counts_once_however_often_it_signs() -> None:
    twice = note.sign("text\n", ALICE, ALICE)
    assert len(note.open(twice, [ALICE.verifier]).signatures) == 1


def test_a_note_by_strangers_is_told_from_a_tampered_one() -> None:
    with pytest.raises(UnknownKeyError, match=r"only alice.example\+[0-9a-f]{8}"):
        note.open(note.sign("text\n", ALICE), [BOB.verifier, ALICE_2.verifier])
    with pytest.raises(UnknownKeyError, match="no trusted key"):
        note.open(note.sign("text\n", ALICE), [])


def test_any_flipped_bit_of_a_note_is_refused() -> None:
    signed = note.sign("example.org\n12\n", ALICE).encode()
    for flipped in logs.flips(signed):
        with pytest.raises((FormatError, VerificationError)):
            note.open(flipped, [ALICE.verifier])


def test_two_keys_with_one_name_and_id_are_refused() -> None:
    class Impostor(Verifier):
        key_id = ALICE.verifier.key_id

    signed = note.sign("text\n", ALICE)
    impostor = Impostor("alice.example", BOB.verifier.public_key)
    with pytest.raises(FormatError, match="two trusted keys"):
        note.open(signed, [ALICE.verifier, impostor])
    same = Verifier.parse(str(ALICE.verifier))
    assert str(note.open(signed, [ALICE.verifier, same])) == signed


def test_both_keys_sign_during_a_rotation() -> None:
    signed = note.sign("text\n", ALICE, ALICE_2)
    for signer in (ALICE, ALICE_2):
        [line] = note.open(signed, [signer.verifier]).signatures
        assert line.key_id == signer.verifier.key_id


def test_a_signer_may_live_elsewhere() -> None:
    class Remote:
        def __init__(self) -> None:
            self.verifier = ALICE.verifier
            self.asked: list[bytes] = []

        def sign(self, message: bytes) -> bytes:
            self.asked.append(message)
            return ALICE.sign(message)

    remote = Remote()
    assert note.sign("è\n", remote) == note.sign("è\n", ALICE)
    assert remote.asked == ["è\n".encode()]


@pytest.mark.parametrize(
    "vkey",
    [
        "", "PeterNeumann", GO_VKEY[:-1], f"{GO_VKEY}\n", f" {GO_VKEY}",
        GO_VKEY.replace("c74f20a3", "c74f20a4"), GO_VKEY.replace("c74f20a3", "C74F20A3"),
        GO_VKEY.replace("c74f20a3", "c74f20a"), GO_VKEY.replace("Peter", "Pete"),
        GO_VKEY.replace("+ARpc", "+ARpd"), GO_VKEY.replace("+A", "+B"), GO_SKEY,
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+", "PeterNeumann+c74f20a3+AQ==",
        # a witness's key, type 0x04
        "witness.example.org+b8a2cf20+BFLN3yikSfFkVAJtrnh/CiY3Zozkoy7clp+P7XB28qUN",
    ],
)  # fmt: skip
def test_a_malformed_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(FormatError, match="key"):
        Verifier.parse(vkey)


@pytest.mark.parametrize(
    "skey",
    [
        "", GO_VKEY, GO_SKEY[:-1], GO_SKEY.replace("c74f20a3", "c74f20a4"), f"{GO_SKEY}\n",
        GO_SKEY.replace("Peter", "Pete"), GO_SKEY.replace("+AYEK", "+AYEL"),
        GO_SKEY.replace("+AYEK", "+BYEK"), GO_SKEY.lower(),
    ],
)  # fmt: skip
def test_a_malformed_signer_key_is_refused_without_being_shown(skey: str) -> None:
    with pytest.raises(FormatError, match="signer key") as caught:
        Signer.parse(skey)
    assert "FALVFGyNhPJEMzD1QIDr" not in str(caught.value)


def test_the_secret_is_not_in_the_repr() -> None:
    assert repr(Signer.parse(GO_SKEY)) == "Signer(name='PeterNeumann')"


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b", "a\x01b", "\ud800"])
def test_a_name_that_no_key_may_have_is_refused(name: str) -> None:
    with pytest.raises(FormatError, match="key name"):
        Signer.generate(name, bytes(32))


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_the_wrong_size_is_refused(size: int) -> None:
    with pytest.raises(FormatError, match=f"{size} bytes instead of 32"):
        Signer.generate("name", bytes(size))
    with pytest.raises(FormatError, match=f"{size} bytes instead of 32"):
        Verifier("name", bytes(size))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=70))
def test_junk_keys_and_signatures_verify_nothing(key: bytes, signature: bytes) -> None:
    assert not Verifier("name", key).verify(b"message", signature)
