"""What `make release` makes could be published as it is, and is the same whenever it is made."""

from __future__ import annotations

import datetime as dt
import email.parser
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from package.conftest import made
from package.roots import REPOSITORY

pytestmark = [pytest.mark.package, pytest.mark.timeout(600)]

TOOLS = REPOSITORY / ".venv-release/bin"
# Reads the bill as those do who are handed it.
VALIDATE = """
import sys, pathlib
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(pathlib.Path(sys.argv[1]).read_text())
sys.exit(error and str(error))
"""


@pytest.fixture(scope="module")
def metadata(release):
    with zipfile.ZipFile(release.wheel) as wheel:
        [name] = [name for name in wheel.namelist() if name.endswith("dist-info/METADATA")]
        return email.parser.Parser().parsestr(wheel.read(name).decode())


def epoch(release) -> dict[str, str]:
    """The environment with the time at which the release says it was made."""
    with zipfile.ZipFile(release.wheel) as wheel:
        moment = dt.datetime(*wheel.infolist()[0].date_time, tzinfo=dt.UTC)
    return {**os.environ, "SOURCE_DATE_EPOCH": str(int(moment.timestamp()))}


def test_made_again_elsewhere_every_file_is_the_same(release, tmp_path):
    again = made(tmp_path / "again", TZ="Asia/Tokyo", LC_ALL="C", COLUMNS="40")
    first, second = (
        {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in each.iterdir()}
        for each in (release.directory, again.directory)
    )
    assert len(first) == 5
    assert first == second


def test_an_index_would_take_it(release):
    subprocess.run([TOOLS / "twine", "check", "--strict", release.wheel, release.sdist], check=True)


def test_the_checksums_are_those_of_all_other_files(release):
    listed = (release.directory / "SHA256SUMS").read_text().splitlines()
    named = {line.split()[1] for line in listed}
    assert named == {path.name for path in release.directory.iterdir()} - {"SHA256SUMS"}
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=release.directory, check=True)  # fmt: skip


def test_the_bill_of_materials_is_cyclonedx_and_names_what_is_installed(release):
    [path] = release.directory.glob("*.cdx.json")
    subprocess.run([TOOLS / "python", "-c", VALIDATE, path], check=True)
    bill = json.loads(path.read_text())
    about = bill["metadata"]["component"]
    assert (about["name"], about["version"]) == ("apitrail", release.wheel.name.split("-")[1])
    versions = {each["name"].lower(): each["version"] for each in bill["components"]}
    lock = (REPOSITORY / "requirements.lock").read_text()
    locked = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE))
    for name in ("mitmproxy", "botocore", "duckdb", "boto3", "pysigma"):
        assert versions[name] == locked[name]
    assert str(Path.home()) not in path.read_text()


def test_no_link_of_its_page_on_an_index_is_relative(metadata):
    text = re.sub(r"^```.*?^```$", "", metadata.get_payload(), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)", text)
    assert len(targets) > 10
    assert [each for each in targets if not each.startswith("https://")] == []


def test_it_says_where_the_project_lives_and_for_whom_it_is(metadata):
    urls = dict(each.split(", ") for each in metadata.get_all("Project-URL"))
    assert urls.keys() >= {"Repository", "Documentation", "Changelog", "Issues"}
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "Typing :: Typed" in metadata.get_all("Classifier")


def test_the_wheel_has_the_package_its_pages_and_nothing_else(release):
    with zipfile.ZipFile(release.wheel) as wheel:
        names = wheel.namelist()
    assert "apitrail/py.typed" in names
    tops = {re.sub(r"^(apitrail-[\d.]+\.data/data/share)/.*", r"\1", name) for name in names}
    others = {name.partition("/")[0] for name in tops} - {"apitrail"}
    assert {re.sub(r"[\d.]+(?=\.)", "", name) for name in others} == {
        "apitrail-.data", "apitrail-.dist-info",
    }  # fmt: skip


def test_the_source_builds_the_same_wheel_and_its_tests_run(release, tmp_path):
    with tarfile.open(release.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    subprocess.run([sys.executable.replace("/python", "/uv"), "build", "-q", "--wheel", "--python", sys.executable, "--out-dir", tmp_path / "dist", source], check=True, env=epoch(release))  # fmt: skip
    [wheel] = (tmp_path / "dist").glob("*.whl")
    assert wheel.read_bytes() == release.wheel.read_bytes()
    tests = ["tests/test_entry.py", "tests/release/test_readme_hook.py", "tests/release/test_sdist.py", "tests/release/test_shared_data_hook.py", "tests/trail/test_frames.py", "tests/cli/test_reference.py"]  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], cwd=source,
        env={**epoch(release), "PYTHONPATH": str(source / "src")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
