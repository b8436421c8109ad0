"""`lake commit` with a REST catalog: Apache Iceberg's own, in a JVM."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request

import pytest
from pyiceberg.catalog.rest import RestCatalog
from pyiceberg.schema import Schema

import delivering
import engines
import investigated
from apitrail.delivery.lake import committing, iceberg_table
from apitrail.delivery.lake.lake_files import ArrowPlace
from apitrail.errors import UsageError
from apitrail.evidence import verify
from engines import PYTHON, REPOSITORY

pytestmark = [pytest.mark.lake, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def lake(tmp_path_factory):
    return investigated.lake(tmp_path_factory.mktemp("rest"))


@pytest.fixture(scope="module")
def catalog(tmp_path_factory):
    """The address of a REST catalog."""
    engines.require(java=True)
    warehouse = tmp_path_factory.mktemp("warehouse")
    started = subprocess.Popen(
        [PYTHON, REPOSITORY / "tests" / "lake" / "rest_catalog.py", f"file://{warehouse}"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    with started:
        yield started.stdout.readline().strip()
        started.stdin.close()


@pytest.fixture
def commit(lake, catalog, request):
    """Commits the lake to a table of this test's own."""
    keys = tuple(delivering.signer(lake.parent / f"trail{n}").verifier for n in range(2))

    def call():
        place = ArrowPlace.parse(str(lake))
        lock = lake.parent / "lock"
        return committing.commit(place, opened(request, lake, catalog), verify.Trust(keys, "--key"), lock)  # fmt: skip

    return call


def opened(request, lake, catalog):
    name = f"apitrail.{re.sub(r'\W', '_', request.node.name)}"
    about = {"type": "rest", "uri": catalog}
    return iceberg_table.open_table("rested", name=name, location=f"file://{lake}", properties=about)  # fmt: skip


def rows(table):
    found = table.table.scan(selected_fields=("log", "idx")).to_arrow().to_pylist()
    assert len({(row["log"], row["idx"]) for row in found}) == len(found)
    return len(found)


def test_a_rest_catalog_of_pyiceberg_s_configuration_has_the_table(
    lake, catalog, tmp_path, monkeypatch, tally
):
    monkeypatch.setenv("PYICEBERG_CATALOG__RESTED__URI", catalog)
    monkeypatch.setenv("APITRAIL_CONFIG", str(tmp_path))
    keys = [f"--key={delivering.signer(lake.parent / f'trail{n}').verifier}" for n in range(2)]
    for said in ("14 files added with 482 rows; 0 were there", "0 files added with 0 rows; 14 were there"):  # fmt: skip
        # A process of its own: pyiceberg reads its configuration once.
        done = subprocess.run(
            [sys.executable, "-m", "apitrail", "lake", "commit", lake, "--catalog", "rested", *keys],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert said in done.stdout
    about = {"type": "rest", "uri": catalog}
    table = iceberg_table.open_table("rested", location="", properties=about)
    assert rows(table) == 482
    tally("rows in the table of a REST catalog", 482, 482)


def test_a_committer_elsewhere_adds_nothing_twice(lake, catalog, commit, request, monkeypatch):
    done = RestCatalog.commit_table
    place = ArrowPlace.parse(str(lake))
    names = sorted(str(path.relative_to(lake)) for path in lake.glob("eventday=*/*"))
    other = opened(request, lake, catalog)
    other.names()

    def commit_table(*about):
        monkeypatch.setattr(RestCatalog, "commit_table", done)
        other.add([place.url(name) for name in names[:5]])
        return done(*about)

    monkeypatch.setattr(RestCatalog, "commit_table", commit_table)
    assert commit().files == 14
    assert rows(opened(request, lake, catalog)) == 482


@pytest.mark.parametrize("status", [500, 503, 504])
def test_a_commit_whose_answer_is_lost_is_not_done_twice(lake, catalog, commit, request, status):
    opened(request, lake, catalog)
    asked = urllib.request.Request(f"{catalog}/fail", str(status).encode(), method="PUT")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked):
        pass
    with pytest.raises(UsageError, match="cannot commit to the table"):
        commit()
    outcome = commit()
    assert outcome.files == 0
    assert "its 14 files are in the table" in str(outcome.broken_off)
    assert rows(opened(request, lake, catalog)) == 482


def test_a_table_of_others_is_left_alone(lake, catalog):
    rest = RestCatalog("rested", uri=catalog)
    rest.create_namespace_if_not_exists("others")
    rest.create_table("others.events", Schema())
    with pytest.raises(UsageError, match="was not made by `apitrail lake commit`"):
        iceberg_table.open_table("rested", name="others.events", location="", properties={"type": "rest", "uri": catalog})  # fmt: skip
