"""Get and put event selectors and Insights selectors."""

from __future__ import annotations

from typing import Any

from apitrail.cloudtrail.selectors import Selectors
from apitrail.errors import FormatError, UsageError
from apitrail.insights.insight import TYPES
from apitrail.web import members
from apitrail.web.api_error import Fault
from apitrail.web.content import Served
from apitrail.web.members import Document, Members
from apitrail.web.trails import find

SORTS = ("EventSelectors", "AdvancedEventSelectors")
# CloudTrail's two, and the kinds that it does not have.
INSIGHTS = frozenset(TYPES.values())


def get_event_selectors(served: Served, given: Members) -> Document:
    """What is handed on: everything, until somebody puts selectors."""
    about = find(served, members.required(given, "TrailName"))
    return {"TrailARN": about["TrailARN"]} | served.selectors().to_json()


def put_event_selectors(served: Served, given: Members) -> Document:
    """From now on hand on what these select; nothing is recorded the less."""
    about = find(served, members.required(given, "TrailName"))
    try:
        chosen = Selectors.parse({sort: given[sort] for sort in SORTS if given.get(sort)})
    except FormatError as error:
        raise Fault("InvalidEventSelectorsException", str(error)) from error
    _change(served, **dict.fromkeys(SORTS) | chosen.to_json())
    return {"TrailARN": about["TrailARN"]} | chosen.to_json()


def get_insight_selectors(served: Served, given: Members) -> Document:
    """The Insights that were asked for."""
    about = find(served, members.required(given, "TrailName"))
    chosen = served.state().get("InsightSelectors")
    if not chosen:
        raise Fault("InsightNotEnabledException", "No Insights are enabled for this trail.")
    return {"TrailARN": about["TrailARN"], "InsightSelectors": chosen}


def put_insight_selectors(served: Served, given: Members) -> Document:
    """From now on hand on the Insights that these select; an empty list selects none."""
    about = find(served, members.required(given, "TrailName"))
    chosen = members.objects(given, "InsightSelectors")
    for selector in chosen:
        categories = selector.get("EventCategories") or []
        if (
            selector.get("InsightType") not in INSIGHTS
            or not isinstance(categories, list)
            or not all(category in ("Management", "Data") for category in categories)
        ):
            raise Fault("InvalidInsightSelectorsException", f"Not an Insights selector: {selector}")
    _change(served, InsightSelectors=chosen)
    return {"TrailARN": about["TrailARN"], "InsightSelectors": chosen}


def _change(served: Served, **state: Any) -> None:
    try:
        served.change(**state)
    except (UsageError, OSError) as error:
        raise Fault("OperationNotPermittedException", str(error)) from error
