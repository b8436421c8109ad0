import pytest

from apitrail.errors import UsageError
from apitrail.policy.loading import load

GUARD = '{"Statement": {"Sid": "NoDelete", "Effect": "Deny", "Action": "s3:Delete*"}}'


def test_a_file_is_named_by_what_it_is_called(tmp_path):
    (tmp_path / "prod.json").write_text(GUARD)
    [found] = load([str(tmp_path / "prod.json")], {}).stack
    assert (found.name, found.text, found.rules[0].sid) == ("prod", GUARD, "NoDelete")


def test_what_cannot_be_loaded(tmp_path):
    with pytest.raises(UsageError, match="no guard 'nothing'") as caught:
        load(["nothing"], {})
    assert "read-only" in caught.value.hint
    with pytest.raises(UsageError, match="two guards of the name"):
        load(["read-only", "read-only"], {})
    with pytest.raises(UsageError, match="--watch without a guard"):
        load([], {}, watching=True)
    with pytest.raises(UsageError, match="cannot read"):
        load([str(tmp_path)], {})
