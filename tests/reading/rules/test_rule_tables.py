"""What an alert's table means, and what is told where it cannot be used."""

from __future__ import annotations

import sys

import pytest

import trails
from apitrail.errors import UsageError
from apitrail.reading.rules import looked_at, rule_tables
from apitrail.reading.rules.shipped_rules import SHIPPED

SIGMA = """
title: Users are made
level: low
logsource: {product: aws, service: cloudtrail}
detection: {sel: {eventName: CreateUser}, condition: sel}
"""


def names(table, tmp_path, calls=range(6)):
    """The numbers of the calls that an alert of this table finds."""
    watched = rule_tables.parse(table, tmp_path)
    seen = [looked_at.of_call(number, trails.call(number)) for number in calls]
    return [each.index for each in seen for rule in watched.finders if rule.find(each)]


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ({"jmespath": "eventName == 'CreateUser'"}, [0, 3]),
        ({"jmespath": "requestParameters.nothing"}, []),
        ({"filter": {"event-name": "createuser"}}, [0, 3]),
        ({"filter": {"event-name": ["iam:Create*", "iam:Delete*"]}}, [0, 2, 3, 5]),
        ({"filter": {"event-source": "iam", "read-only": False, "username": "USER2"}}, [2, 5]),
        ({"filter": {"error": True}}, [3]),
        ({"filter": {"error": "AccessDenied"}}, []),
        ({"filter": {"resource-name": "target1"}}, [1]),
        ({"filter": {"event-name": "iam:*"}, "jmespath": "readOnly"}, [1, 4]),
        ({"rule": "made.yml"}, [0, 3]),
        ({"rule": "made.yml", "filter": {"error": True}}, [3]),
        ({"rule": ["made.yml", "built-in:root-used"]}, [0, 3]),
        ({"rule": "."}, [0, 3]),
        ({"insights": True}, []),
    ],
)
def test_a_rule_of_each_kind(tmp_path, table, found):
    (tmp_path / "made.yml").write_text(SIGMA)
    assert names({"name": "a", **table}, tmp_path) == found


def test_an_alert_is_called_as_its_only_rule_and_may_be_called_otherwise(tmp_path):
    (tmp_path / "made.yml").write_text(SIGMA)
    [finder] = rule_tables.parse({"rule": "made.yml"}, tmp_path).finders
    assert (finder.about.title, finder.about.level) == ("Users are made", "low")
    table = {"rule": "built-in:root-used", "title": "Root!", "level": "critical"}
    watched = rule_tables.parse(table, tmp_path)
    about = watched.finders[0].about
    assert (watched.name, about.title, about.level) == ("root-used", "Root!", "critical")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (1, "an alert cannot be 1"),
        ({}, "alert: it has no rule"),
        ({"name": ""}, "name cannot be ''"),
        ({"name": "a", "level": "loud", "jmespath": "a"}, "alert 'a': level cannot be 'loud'"),
        ({"jmespath": "a"}, "a rule that is a jmespath needs a name"),
        ({"name": "a", "jmespath": "a ="}, "not a JMESPath expression: 'a ='"),
        ({"name": "a", "jmespath": "a", "rule": "b"}, "rule and jmespath exclude each other"),
        ({"name": "a", "filter": {"event": "x"}}, "filter: unknown field 'event'"),
        ({"name": "a", "filter": {"event-name": 1}}, "filter.event-name cannot be 1"),
        ({"name": "a", "filter": {"since": "2h"}}, "filter: unknown field 'since'"),
        ({"name": "a", "filter": {"run": "last"}}, "filter.run cannot be 'last'"),
        ({"name": "a", "filter": {"read-only": "maybe"}}, "read-only is true or false"),
        ({"name": "a", "filter": {}}, "filter cannot be {}"),
        ({"name": "a", "insights": ["noise"]}, r"insights cannot be \['noise'\]"),
        ({"name": "a", "rule": "built-in:nothing"}, "no built-in rule 'nothing'"),
        ({"name": "a", "rule": "built-in"}, "no rule 'built-in'"),
        ({"name": "a", "rule": "none.yml"}, "cannot read"),
        ({"name": "a", "rule": []}, r"rule cannot be \[\]"),
        ({"name": "a", "rule": 7}, "rule cannot be 7"),
        ({"rule": "built-in:all"}, "an alert with several rules needs a name"),
        ({"name": "a", "rule": "bad.yml"}, "bad.yml': not a Sigma rule"),
    ],
)
def test_what_is_not_understood_is_told(tmp_path, table, told):
    (tmp_path / "bad.yml").write_text("title: x\ndetection: 1\n")
    with pytest.raises(UsageError, match=told):
        rule_tables.parse(table, tmp_path)


def test_without_pysigma_it_is_told_how_to_get_it(tmp_path, monkeypatch):
    (tmp_path / "made.yml").write_text(SIGMA)
    monkeypatch.setitem(sys.modules, "sigma", None)
    monkeypatch.delitem(sys.modules, "apitrail.reading.rules.sigma_rule", raising=False)
    monkeypatch.delattr("apitrail.reading.rules.sigma_rule", raising=False)
    with pytest.raises(UsageError, match="needs pySigma") as error:
        rule_tables.parse({"rule": "made.yml"}, tmp_path)
    assert error.value.hint == "pip install 'apitrail[sigma]'"


def test_a_command_line_names_rules_or_a_configuration(tmp_path):
    (tmp_path / "made.yml").write_text(SIGMA)
    (tmp_path / "c.toml").write_text('[[alert]]\nrule = "made.yml"\nfile = "x"\n')
    assert len(rule_tables.named("built-in:all", tmp_path)) == len(SHIPPED)
    assert len(rule_tables.named("made.yml", tmp_path)) == 1
    assert len(rule_tables.named("c.toml", tmp_path)) == 1
    (tmp_path / "c.toml").write_text("x = 1\n")
    with pytest.raises(UsageError, match=r"'c.toml' has no \[\[alert\]\]"):
        rule_tables.named("c.toml", tmp_path)
    with pytest.raises(UsageError, match=r"cannot read .d\.toml."):
        rule_tables.named("d.toml", tmp_path)
