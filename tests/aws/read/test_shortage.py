"""What fails for want of memory or descriptors is told from a message that is malformed."""

from __future__ import annotations

import errno
import zlib
from xml.parsers import expat

import pytest

from apitrail.aws.read import body, xml
from apitrail.aws.read.scalars import Doubts
from apitrail.aws.read.shortage import is_shortage
from aws.requests import request


def xml_error(code: int) -> expat.ExpatError:
    error = expat.ExpatError("as expat says it")
    error.code = code
    return error


NO_MEMORY = xml_error(expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY])
SHORTAGES = [
    MemoryError(),
    OSError(errno.EMFILE, "too many open files"),
    OSError(errno.EIO, "input/output error"),
    zlib.error("Error -4 while decompressing data"),
    NO_MEMORY,
]
FAULTS = [
    ValueError("malformed"),
    OSError(errno.EOVERFLOW, "a time too far away"),
    zlib.error("Error -3 while decompressing data: incorrect header check"),
    xml_error(expat.errors.codes[expat.errors.XML_ERROR_SYNTAX]),
]


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
def test_a_shortage_is_the_machine_s(error):
    assert is_shortage(error)


@pytest.mark.parametrize("error", FAULTS, ids=repr)
def test_what_is_malformed_is_the_message_s(error):
    assert not is_shortage(error)


class Starved:
    """Stands for zlib's and expat's parsers where there is no memory."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def decompress(self, *_: object) -> bytes:
        raise self.error

    Parse = decompress


def test_a_packed_body_is_not_called_broken_for_want_of_memory(monkeypatch):
    starved = Starved(zlib.error("Error -4 while decompressing data"))
    monkeypatch.setattr(zlib, "decompressobj", lambda *_: starved)

    with pytest.raises(MemoryError):
        body.content(request("POST", "/", ("Content-Encoding", "gzip"), body=b"x"), Doubts())


def test_xml_is_not_called_malformed_for_want_of_memory(monkeypatch):
    monkeypatch.setattr(expat, "ParserCreate", lambda: Starved(NO_MEMORY))

    with pytest.raises(MemoryError):
        xml.parse(b"<a/>", Doubts())
