"""A zip is read within bounds, a folder without leaving it."""

from __future__ import annotations

from pathlib import Path

import pytest

from apitrail.errors import FormatError, UsageError
from apitrail.evidence.bundle import archive
from evidence.bundle.evidence import zipped


def put(path: Path, content: dict[str, bytes]) -> Path:
    path.write_bytes(zipped(content))
    return path


def test_a_zip_gives_back_what_was_put_in(tmp_path: Path) -> None:
    with archive.Zip(put(tmp_path / "a.zip", {"a": b"1", "b/c": b""})) as files:
        assert files.names == {"a", "b/c"}
        assert (files.read("a"), files.read("b/c")) == (b"1", b"")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with (
        archive.Zip(put(tmp_path / "a.zip", {"a": b""})) as files,
        pytest.raises(FormatError, match="no file 'b'"),
    ):
        files.read("b")


@pytest.mark.parametrize(
    ("bound", "value", "message"),
    [
        ("MOST_FILES", 1, "lists 2 files"),
        ("LARGEST_FILE", 99, "would unpack to 100 bytes"),
        ("LARGEST_TOTAL", 199, "more than we read"),
    ],
)
def test_what_is_too_much_is_refused_before_it_is_unpacked(
    bound: str, value: int, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "a.zip", {"a": bytes(100), "b": bytes(100)})
    monkeypatch.setattr(archive, bound, value)
    with pytest.raises(FormatError, match=message):
        archive.Zip(path)


@pytest.mark.parametrize(
    "name",
    ["../a", "a/../b", "/a", "a//b", "a/", ".a", "a/.b", "a\\b", "a b", "ä", "C:a", "", "a" * 201],
)
def test_names_that_are_no_bundles_are_refused(name: str) -> None:
    with pytest.raises(FormatError, match="not a bundle's"):
        archive.check_name(name)


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / "checkpoint").symlink_to(tmp_path / "secret")
    (folder / "manifest.json").write_bytes(b"{}")
    assert archive.open_archive(folder).names == {"manifest.json"}


def test_what_looks_like_a_bundle(tmp_path: Path) -> None:
    assert archive.is_archive(put(tmp_path / "a.zip", {"a": b""}))
    assert not archive.is_archive(tmp_path)
    assert not archive.is_archive(tmp_path / "none")
    (tmp_path / "manifest.json").write_bytes(b"{}")
    assert archive.is_archive(tmp_path)


def test_no_file_is_wrong_use_and_no_zip_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        archive.open_archive(tmp_path / "none.zip")
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04")
    with pytest.raises(FormatError, match="not a whole zip"):
        archive.open_archive(tmp_path / "a.zip")
