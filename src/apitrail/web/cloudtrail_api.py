"""CloudTrail's API in AWS JSON 1.1: one POST, an operation in its target header."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from apitrail.errors import Error
from apitrail.web import insights_api, lookup, selector_api, trails
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from apitrail.web.members import Document, Members
from apitrail.web.queries import Queries

TARGET = "CloudTrail_20131101."
CONTENT_TYPE = "application/x-amz-json-1.1"

type Operation = Callable[[Members], Document]

# The rest of CloudTrail's operations: they change trails, or are of its Lake and its channels.
UNSUPPORTED = frozenset(
    {
        "AddTags", "CreateChannel", "CreateDashboard", "CreateEventDataStore", "CreateTrail",
        "DeleteChannel", "DeleteDashboard", "DeleteEventDataStore", "DeleteResourcePolicy",
        "DeleteTrail", "DeregisterOrganizationDelegatedAdmin", "DisableFederation",
        "EnableFederation", "GenerateQuery", "GetChannel", "GetDashboard",
        "GetEventConfiguration", "GetEventDataStore", "GetImport", "GetResourcePolicy",
        "ListChannels", "ListDashboards", "ListEventDataStores", "ListImportFailures",
        "ListImports", "ListQueries",
        "PutEventConfiguration", "PutResourcePolicy", "RegisterOrganizationDelegatedAdmin",
        "RemoveTags", "RestoreEventDataStore", "SearchSampleQueries", "StartDashboardRefresh",
        "StartEventDataStoreIngestion", "StartImport", "StartLogging",
        "StopEventDataStoreIngestion", "StopImport", "StopLogging", "UpdateChannel",
        "UpdateDashboard", "UpdateEventDataStore", "UpdateTrail",
    }
)  # fmt: skip


class CloudTrail:
    """The operations over one log."""

    def __init__(self, served: Served) -> None:
        self.queries = Queries()

        def of(work: Callable[[Served, Members], Document]) -> Operation:
            return lambda given: work(served, given)

        self.operations: Mapping[str, Operation] = {
            "LookupEvents": of(lookup.lookup),
            "DescribeTrails": of(trails.describe_trails),
            "GetTrail": of(trails.get_trail),
            "ListTrails": of(trails.list_trails),
            "GetTrailStatus": of(trails.get_trail_status),
            "ListPublicKeys": of(trails.list_public_keys),
            "ListTags": of(trails.list_tags),
            "GetEventSelectors": of(selector_api.get_event_selectors),
            "PutEventSelectors": of(selector_api.put_event_selectors),
            "GetInsightSelectors": of(selector_api.get_insight_selectors),
            "PutInsightSelectors": of(selector_api.put_insight_selectors),
            "ListInsightsData": of(insights_api.list_insights_data),
            "ListInsightsMetricData": of(insights_api.list_insights_metric_data),
            "StartQuery": of(self.queries.start),
            "DescribeQuery": self.queries.describe,
            "GetQueryResults": self.queries.results,
            "CancelQuery": self.queries.cancel,
        }

    def answer(self, target: str, body: bytes) -> tuple[int, Document]:
        """Status and body for a request's target and body."""
        try:
            return 200, self._operation(target)(_members(body))
        except Fault as fault:
            return fault.status, fault.to_json()
        except Error as error:
            # The log, not the request, is at fault.
            return 500, Fault("InternalFailure", str(error), status=500).to_json()

    def _operation(self, target: str) -> Operation:
        _, found, name = target.rpartition(TARGET)
        if found and name in self.operations:
            return self.operations[name]
        if found and name in UNSUPPORTED:
            raise Fault("UnsupportedOperationException", f"apitrail does not do {name}.")
        raise Fault("UnknownOperationException", f"There is no operation {target!r}.")


def _members(body: bytes) -> Members:
    try:
        given = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Fault("SerializationException", "The body is not JSON.") from error
    if not isinstance(given, dict):
        raise Fault("SerializationException", "The body is not a structure.")
    return given
