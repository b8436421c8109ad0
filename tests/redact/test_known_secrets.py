"""What is secret, in one place."""

from inspect import unwrap

import botocore.session
import pytest

from apitrail.redact import known_secrets
from apitrail.redact.paths import Kind, kind

SERVICES = set(botocore.session.get_session().get_available_services())


@pytest.mark.parametrize("table", ["MEMBERS", "OPEN_MEMBERS"])
def test_every_line_is_of_a_service_that_there_is(table):
    assert getattr(known_secrets, table).keys() <= SERVICES


def test_a_line_is_all_it_takes(monkeypatch):
    told = unwrap(kind)  # it would remember
    assert told("ec2", "RunInstances", "", "Weather") is Kind.PLAIN
    monkeypatch.setitem(known_secrets.MEMBERS, "ec2", ("Weather",))
    assert told("ec2", "RunInstances", "", "Weather") is Kind.LISTED


def test_headers_and_parameters_are_in_lower_case():
    for names in (known_secrets.HEADERS, known_secrets.QUERY_PARAMETERS):
        assert all(name == name.lower() for name in names)
