from __future__ import annotations

import re
from pathlib import Path

import apitrail.insights.operations as operations
from apitrail.insights.operation_rules import READ, WRITE
from apitrail.insights.operations import plain_name, worth


def test_versions_in_names_are_left_out():
    names = ("UpdateFunctionCode20150331v2", "CreateDistribution2020_05_31", "ListBuckets")
    assert [plain_name(name) for name in names] == [
        "UpdateFunctionCode", "CreateDistribution", "ListBuckets",
    ]  # fmt: skip


def test_what_is_in_no_table_is_a_plain_read_or_write():
    assert worth("DescribeThings", read_only=True) is READ
    assert worth("MakeThings", read_only=False) is WRITE


def test_a_secret_is_worth_more_than_a_list_and_a_stopped_log_more_than_a_queue():
    assert (
        worth("GetSecretValue", read_only=True).weight > worth("ListThings", read_only=True).weight
    )
    assert worth("StopLogging", read_only=False).prior > worth("CreateQueue", read_only=False).prior


def test_no_operation_stands_in_two_tables():
    text = Path(operations.__file__).read_text("utf-8")
    names = [
        name for table in re.findall(r'= """\n(.*?)"""', text, re.DOTALL) for name in table.split()
    ]
    assert {name for name in names if names.count(name) > 1} == set()
