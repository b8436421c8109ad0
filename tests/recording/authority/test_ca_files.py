"""Making, checking and replacing a trail's CA on the disk."""

from __future__ import annotations

import datetime as dt
import errno
import os
import ssl

import pytest

from apitrail.errors import UsageError
from apitrail.recording.authority.ca_files import CaFiles, export
from apitrail.trail import database, lock

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A CA, made once."""
    trail = tmp_path_factory.mktemp("made")
    CaFiles(trail).ready(NOW)
    return trail


@pytest.fixture
def files(made, tmp_path):
    """A copy of it in a trail of its own."""
    files = CaFiles(tmp_path)
    files.directory.mkdir()
    files.key.write_bytes((made / "ca" / "mitmproxy-ca.pem").read_bytes())
    files.key.chmod(0o600)
    (tmp_path / database.FILE).touch()
    return files


def modes(files):
    return {path: path.stat().st_mode & 0o777 for path in (files.key, files.certificate)}


def test_what_is_there_is_kept_and_its_certificate_shown(files):
    before = files.key.read_bytes()
    authority = files.ready(NOW)
    assert files.key.read_bytes() == before
    assert files.certificate.read_bytes() == authority.pem
    assert (files.directory / "mitmproxy-ca-cert.pem").read_bytes() == authority.pem


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(files, mode):
    files.key.chmod(mode)
    for use in (files.read, lambda: files.ready(NOW)):
        with pytest.raises(UsageError, match=f"can be read by others \\(mode 0{mode:o}\\)"):
            use()


def test_what_is_no_ca_is_refused(files):
    whole = files.key.read_bytes()
    key, mark, certificate = whole.partition(b"-----BEGIN CERTIFICATE-----")
    for content, reason in (
        (b"", "no certificate"),
        (key, "no certificate"),
        (mark + certificate, "no key"),
    ):
        files.key.write_bytes(content)
        with pytest.raises(UsageError, match=f"is no certificate authority: {reason}"):
            files.read()


def test_a_key_of_another_ca_is_refused(files):
    old = files.read()
    files.rotate(NOW)
    key, _, _ = files.key.read_bytes().partition(b"-----BEGIN CERTIFICATE-----")
    files.key.write_bytes(key + old.pem)
    with pytest.raises(UsageError, match="the key is not the certificate's"):
        files.read()


def test_a_trail_without_one_says_so(tmp_path):
    with pytest.raises(UsageError, match="no certificate authority in") as raised:
        CaFiles(tmp_path).read()
    assert "the first recorder" in str(raised.value.hint)


@pytest.mark.parametrize("mask", [0o000, 0o277])
def test_rotating_makes_another_key_and_keeps_only_the_old_certificate(files, mask):
    for name in ("mitmproxy-ca.p12", "mitmproxy-ca-cert.cer"):
        (files.directory / name).write_bytes(b"a copy that mitmproxy made")
    old, secret = files.ready(NOW), files.key.read_bytes()
    before = os.umask(mask)
    try:
        new = files.rotate(NOW)
    finally:
        os.umask(before)
    assert new.certificate.public_key() != old.certificate.public_key()
    assert new.subject != old.subject
    assert files.certificate.read_bytes() == new.pem
    assert [path.read_bytes() for path in files.retired] == [old.pem]
    assert list(modes(files).values()) == [0o600, 0o644]
    key = secret.partition(b"-----BEGIN CERTIFICATE-----")[0].splitlines()[5]
    left = [path for path in files.trail.rglob("*") if path.is_file()]
    assert not [path for path in left if key in path.read_bytes()]
    assert not list(files.trail.rglob("*.cer"))


def test_a_ca_that_is_used_is_not_replaced(files):
    before = files.key.read_bytes()
    with lock.take(files.trail), pytest.raises(UsageError, match=r"a recorder .* is running"):
        files.rotate(NOW)
    assert files.key.read_bytes() == before


def test_a_disk_that_refuses_is_one_line_and_the_ca_stays(files, monkeypatch):
    """As root nothing is read-only, so the disk fails where the file would take its place."""
    before = files.ready(NOW)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    for work in (lambda: files.rotate(NOW), lambda: files.also("minio.example.com", NOW)):
        with pytest.raises(UsageError, match=r"cannot write to the trail at .*: No space left"):
            work()
    assert files.read() == before
    assert files.certificate.read_bytes() == before.pem


def test_rotating_nothing_makes_no_trail(tmp_path):
    with pytest.raises(UsageError, match="no trail in"):
        CaFiles(tmp_path / "none").rotate(NOW)
    assert not (tmp_path / "none").exists()


def test_a_broken_one_can_be_replaced(files):
    files.key.write_bytes(b"damaged")
    assert files.rotate(NOW) == files.read()
    assert not files.retired


def test_an_export_is_the_certificate_alone(files, tmp_path):
    export(files.read(), tmp_path / "out.pem")
    assert b"PRIVATE" not in (tmp_path / "out.pem").read_bytes()
    ssl.create_default_context(cafile=str(tmp_path / "out.pem"))
    with pytest.raises(UsageError, match="cannot write"):
        export(files.read(), tmp_path / "no" / "out.pem")


def test_a_rotation_keeps_the_hosts_and_adds_some(files):
    files.rotate(NOW, ["minio.example.com"])
    files.rotate(NOW, ["203.0.113.9"])
    assert files.read().permitted.hosts == ("minio.example.com", "203.0.113.9/32")
    with pytest.raises(UsageError, match="not a host"):
        files.rotate(NOW, ["https://x"])
    assert files.rotate(NOW, any_host=True).covers("example.com")


@pytest.mark.parametrize(
    ("host", "outside"), [("minio.example.com", "203.0.113.9"), ("203.0.113.9", "example.com")]
)
def test_a_host_s_own_certificate_is_for_it_alone_and_goes_with_the_key(files, host, outside):
    found = files.also(host, NOW)
    assert found.covers(host)
    assert not found.covers(outside)
    assert not found.covers("sts.amazonaws.com")
    assert found.is_of(files.read())
    assert found.subject != files.read().subject
    assert files.also(host, NOW) == found
    files.rotate(NOW)
    assert not list(files.directory.glob("also-*"))
    assert files.also(host, NOW).is_of(files.read())


def test_a_host_s_certificate_that_has_ended_is_made_again(files):
    found = files.also("minio.example.com", NOW)
    later = NOW + dt.timedelta(days=4000)
    assert files.also("minio.example.com", later).ends > later > found.ends
