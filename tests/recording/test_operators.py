"""The list of operators: who is on it, what is kept of a secret, and who may read it."""

import errno
import json
import os

import pytest

from apitrail.errors import UsageError
from apitrail.recording.operators import Login, Operators


@pytest.fixture
def operators(tmp_path):
    return Operators.of(tmp_path / "trail")


def test_a_secret_is_known_by_its_digest_alone(operators):
    secret = operators.add("mary")
    assert operators.names() == ["mary"]
    assert operators.check("mary", secret)
    assert not operators.check("mary", secret[:-1])
    assert not operators.check("bob", secret)
    assert secret not in operators.path.read_text()


def test_a_right_login_is_remembered_until_the_list_changes(operators):
    secret = operators.add("mary")
    assert operators.knows("mary", secret) is None
    assert operators.check("mary", secret)
    assert operators.knows("mary", secret) is True
    assert operators.knows("mary", "guess") is None
    Operators(operators.path).remove("mary")
    assert operators.knows("mary", secret) is False
    assert not operators.check("mary", secret)


def test_the_list_is_its_owner_s_whatever_the_umask(operators):
    before = os.umask(0)
    try:
        operators.add("mary")
    finally:
        os.umask(before)
    assert operators.path.stat().st_mode & 0o777 == 0o600
    assert operators.path.parent.stat().st_mode & 0o777 == 0o700
    operators.path.chmod(0o644)
    with pytest.raises(UsageError, match="can be read by others"):
        Operators(operators.path).names()


@pytest.mark.parametrize("name", ["", "a.b", "run-7", "a b", "-a", "é", "x" * 65, "a:b"])
def test_a_name_that_no_proxy_url_could_carry_is_refused(operators, name):
    with pytest.raises(UsageError, match="not an operator's name"):
        operators.add(name)


def test_a_name_is_there_once_and_removed_once(operators):
    operators.add("mary")
    with pytest.raises(UsageError, match="already"):
        operators.add("mary")
    operators.remove("mary")
    with pytest.raises(UsageError, match="no operator 'mary'"):
        operators.remove("mary")


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"operators": 1}', json.dumps({"operators": {"a": {"salt": "x", "digest": ""}}})],
)
def test_what_is_no_list_lets_nobody_in(operators, content):
    operators.path.parent.mkdir(parents=True)
    operators.path.write_text(content)
    operators.path.chmod(0o600)
    with pytest.raises(UsageError, match="is no list of operators"):
        operators.check("a", "")


@pytest.mark.parametrize(
    ("user", "operator", "run"),
    [
        ("mary", "mary", None),
        ("run-abc", None, "abc"),
        ("mary.run-abc", "mary", "abc"),
        ("", None, None),
    ],
)
def test_operator_and_run_go_together_in_a_user_name(user, operator, run):
    login = Login.of(user, "s", "run-")
    assert (login.operator, login.run, login.secret) == (operator, run, "s")


def test_a_certificate_is_one_operator_s_and_no_secret(tmp_path):
    operators = Operators.of(tmp_path)
    operators.add_certified("mary", "ab" * 32)
    assert operators.names() == ["mary"]
    assert operators.certified("ab" * 32) == "mary"
    assert operators.certified("cd" * 32) is None
    assert not operators.check("mary", "")
    with pytest.raises(UsageError, match="the certificate belongs to operator 'mary' already"):
        operators.add_certified("john", "ab" * 32)
    with pytest.raises(UsageError, match="there is an operator 'mary' already"):
        operators.add_certified("mary", "cd" * 32)
    operators.remove("mary")
    assert operators.certified("ab" * 32) is None


def test_a_list_that_cannot_be_written_is_one_line(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    operators = Operators.of(tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match=r"cannot write to the trail at .*: No space left"):
        operators.add("mary")
    assert operators.names() == []
