"""Telling apart services that share signing name, host and path: by resource, then by user agent."""

from __future__ import annotations

import re
from urllib.parse import unquote

from apitrail.aws.arn import Arn
from apitrail.aws.find.index import Service
from apitrail.exchange import Request

_MOST_BODY = 4096

# Service authorization reference, "Resource types defined by …": the ARN's service, how its
# resource begins, and the API that tags it.
_RESOURCES = (
    ("bedrock", r"agent-alias/|agent/|knowledge-base/|flow/|prompt/", "bedrock-agent"),
    ("bedrock", r"session/", "bedrock-agent-runtime"),
    (
        "bedrock",
        r"data-automation-(project|profile|invocation|library)/|blueprint/",
        "bedrock-data-automation",
    ),
    ("chime", r"meeting/", "chime-sdk-meetings"),
    ("chime", r"media-(pipeline|insights-pipeline-configuration)", "chime-sdk-media-pipelines"),
    ("chime", r"app-instance/[^/]+/channel", "chime-sdk-messaging"),
    ("chime", r"app-instance/", "chime-sdk-identity"),
    ("chime", r"(vc|sma|voice-profile-domain)/", "chime-sdk-voice"),
    ("greengrass", r"/greengrass/", "greengrass"),
    ("greengrass", r"(components|deployments|coreDevices):", "greengrassv2"),
    ("ivs", r"(channel|playback-key|stream-key|recording-configuration)/", "ivs"),
    ("ivs", r"(stage|composition|encoder-configuration|storage-configuration)/", "ivs-realtime"),
    ("ivs", r"(public-key|ingest-configuration)/", "ivs-realtime"),
    ("lambda", r"(function|event-source-mapping|code-signing-config|layer):", "lambda"),
    ("lambda", r"microvm", "lambda-microvms"),
    ("lex", r"(bot|bot-alias)/", "lexv2-models"),
    ("lex", r"(bot|bot-channel|intent|slottype):", "lex-models"),
    ("timestream", r"database/", "timestream-write"),
    ("timestream", r"scheduled-query/", "timestream-query"),
    ("rds", r"(cluster-snapshot|db|cluster|snapshot|pg|subgrp|es|og):", "rds"),
)

# SDKs tell the API in one token (`api/lex_models_v2#1.2`), aws-cli v2 the command
# (`md/command#neptune.describe-db-clusters`).
_AGENT = re.compile(r"(?:^|\s)(?:api/|md/command#)([\w-]+)", re.IGNORECASE)


def prefer(services: list[Service], request: Request) -> Service | None:
    """The one of `services` that the request itself speaks of; None where it does not say."""
    names = {service.name: service for service in services}
    return _by_agent(services, request) or _by_resource(names, request)


def _by_agent(services: list[Service], request: Request) -> Service | None:
    found = _AGENT.search(request.header("user-agent") or "")
    if found is None:
        return None
    claimed = _plain(found[1])
    return next((s for s in services if claimed in (_plain(s.name), _plain(s.service_id))), None)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _by_resource(names: dict[str, Service], request: Request) -> Service | None:
    text = unquote(request.target[:_MOST_BODY])
    text += " " + request.body.data[:_MOST_BODY].decode("utf-8", "replace")
    for arn in Arn.within(text):
        for owner, resource, service in _RESOURCES:
            if owner == arn.service and service in names and re.match(resource, arn.resource):
                return names[service]
    return None
