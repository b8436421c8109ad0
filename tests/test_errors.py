"""Errors that are raised on purpose."""

from apitrail.errors import Error, FormatError, RecordingError, UsageError, VerificationError


def test_a_hint_goes_with_the_message():
    error = UsageError("no trail here", hint="name one with --trail")
    assert (str(error), error.hint) == ("no trail here", "name one with --trail")
    assert UsageError("no trail here").hint is None


def test_bytes_that_are_no_evidence_are_wrong_use_and_broken_evidence_is_not():
    assert issubclass(FormatError, UsageError)
    assert not issubclass(VerificationError, UsageError)
    assert all(issubclass(kind, Error) for kind in (UsageError, VerificationError, RecordingError))
