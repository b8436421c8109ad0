import pytest

from apitrail.errors import UsageError
from apitrail.recording.approval_settings import Approvals

HOOK = {"webhook": "https://example.com/x", "secret_file": "secret"}


@pytest.fixture
def directory(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("0123456789abcdef\n")
    secret.chmod(0o600)
    return tmp_path


def test_the_table_of_the_configuration(directory):
    found = Approvals.parse({"held": 5, "link": "http://h:1/", **HOOK}, directory)
    assert (found.held, found.link) == (5, "http://h:1")
    assert found.webhook is not None
    assert found.webhook.keys == (b"0123456789abcdef",)
    assert Approvals.parse({}, directory) == Approvals()


@pytest.mark.parametrize(
    "bad",
    [
        [], {"held": 0}, {"held": True}, {"webhook": "ftp://x", "secret_file": "secret"}, {"link": 5},
        {"link": "example.com"}, {"link": "http://u:p@x"}, {"webhook": "https://x"}, {"colour": 1},
        {"secret_file": "secret"}, HOOK | {"secret_file": "no"}, HOOK | {"timeout": "0s"},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_a_hint(directory, bad):
    with pytest.raises(UsageError) as refused:
        Approvals.parse(bad, directory)
    assert refused.value.hint
    assert "alert" not in refused.value.hint
