"""Events in which a secret appeared."""

from moto import mock_aws

from apitrail.query import Filter
from apitrail.reading.secret_search import find_value
from apitrail.redact import Redactor
from apitrail.trail.keys import Keys
from apitrail.trail.reader import Reader
from studio import Studio


def test_a_secret_is_found_by_its_digest_and_nothing_else_is(tmp_path):
    with mock_aws():
        studio = Studio()
        secrets = studio.client("secretsmanager")
        secrets.create_secret(Name="db", SecretString="hunter2-of-the-test")
        secrets.create_secret(Name="other", SecretString="something else")
        secrets.get_secret_value(SecretId="db")
    trail = studio.record(tmp_path / "trail")
    redactor = Redactor(Keys.of(trail).redaction())
    with Reader(trail) as reader:
        every = list(reader.select(Filter()))
        found = list(find_value(reader, redactor, b"hunter2-of-the-test", Filter()))
        assert sorted(found) == sorted([every[0], every[2]])
        assert list(find_value(reader, redactor, b"never seen", Filter())) == []
