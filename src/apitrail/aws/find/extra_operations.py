"""Operations of AWS's that CloudTrail or IAM names and botocore has no model of."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from apitrail.aws.call import Structure, Value
from apitrail.aws.find import host
from apitrail.aws.find.unmodelled import Unmodelled
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Request
from apitrail.remembered import remembered

type Parameters = Structure
type More = Callable[[Request, Parameters], Parameters]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """An operation: its host's labels, or its scope at another host; method, path and query.

    Named groups of the patterns are parameters; `more` reads others.
    """

    service: str
    operation: str
    host: re.Pattern[str]
    methods: str
    path: re.Pattern[str]
    scope: str | None = None
    query: str | None = None
    more: More | None = None


def _image(_: Request, found: Parameters) -> Parameters:
    """A manifest goes by a tag or by a digest."""
    reference = str(found.pop("reference"))
    kind = "imageDigest" if ":" in reference else "imageTag"
    return found | {"imageIds": [{kind: reference}]}


def _pushed(_: Request, found: Parameters) -> Parameters:
    reference = str(found.pop("reference"))
    return found | {"imageDigest" if ":" in reference else "imageTag": reference}


def _layers(_: Request, found: Parameters) -> Parameters:
    return found | {"layerDigests": [found.pop("layerDigest")]}


def _session(request: Request, found: Parameters) -> Parameters:
    """Roles Anywhere takes its members in the query, in the body, or in both."""
    found |= dict(parse_qsl(request.query))
    try:
        body = json.loads(request.body.data) if request.body.whole else {}
    except (ValueError, RecursionError):
        body = {}
    return found | (body if isinstance(body, dict) else {})


def _headers(**names: str) -> More:
    """Parameters that stand in headers, by their names."""

    def more(request: Request, found: Parameters) -> Parameters:
        values = {member: request.header(name) for member, name in names.items()}
        return found | {member: value for member, value in values.items() if value is not None}

    return more


_ECR = r"(?:(?P<registryId>\d{12})\.)?dkr(?:\.|-)ecr"
_REPOSITORY = r"/v2/(?P<repositoryName>[a-z0-9._/-]+?)"
_GIT = r"/v1/repos/(?P<repositoryName>[^/]+)"
_APS = r"/workspaces/(?P<workspaceId>[^/]+)/api/v1"
_ALERTS = r"/workspaces/(?P<workspaceId>[^/]+)/alertmanager/api/v2"


def _row(service: str, operation: str, host: str, methods: str, path: str, **more: Value) -> _Row:
    return _Row(
        service=service, operation=operation, host=re.compile(host), methods=methods,
        path=re.compile(path), **more,
    )  # fmt: skip


def _ecr(operation: str, methods: str, path: str, more: More | None = None) -> _Row:
    return _row("ecr", operation, _ECR, methods, _REPOSITORY + path, more=more)


def _git(operation: str, methods: str, path: str, query: str | None = None) -> _Row:
    return _row("codecommit", operation, "git-codecommit", methods, _GIT + path, query=query)


def _aps(operation: str, methods: str, path: str) -> _Row:
    return _row("amp", operation, "aps-workspaces", methods, path, scope="aps")


_OF_DEVICES = "AssumeRoleWithCertificate"
_ROWS = (
    # "IAM Roles Anywhere, CreateSession".
    _row("rolesanywhere", "CreateSession", "rolesanywhere", "POST", "/sessions",
         scope="rolesanywhere", more=_session),
    # OCI distribution specification 1.1, and the ECR actions that `docker pull` and `push` need
    # ("IAM permissions for pushing an image").
    _ecr("BatchGetImage", "GET HEAD", r"/manifests/(?P<reference>[^/]+)", _image),
    _ecr("PutImage", "PUT", r"/manifests/(?P<reference>[^/]+)", _pushed),
    _ecr("BatchDeleteImage", "DELETE", r"/manifests/(?P<reference>[^/]+)", _image),
    _ecr("GetDownloadUrlForLayer", "GET", r"/blobs/(?P<layerDigest>[^/]+)"),
    _ecr("BatchCheckLayerAvailability", "HEAD", r"/blobs/(?P<layerDigest>[^/]+)", _layers),
    _ecr("InitiateLayerUpload", "POST", r"/blobs/uploads/"),
    _ecr("UploadLayerPart", "PATCH", r"/blobs/uploads/(?P<uploadId>.+)"),
    _ecr("CompleteLayerUpload", "PUT", r"/blobs/uploads/(?P<uploadId>.+)"),
    _ecr("ListImages", "GET", r"/tags/list"),
    # CodeCommit user guide, "Logging": the smart HTTP protocol of git.
    _git("GitPull", "GET", "/info/refs", "service=git-upload-pack"),
    _git("GitPull", "POST", "/git-upload-pack"),
    _git("GitPush", "GET", "/info/refs", "service=git-receive-pack"),
    _git("GitPush", "POST", "/git-receive-pack"),
    # IAM Identity Center user guide, "Access portal API operations with CloudTrail".
    _row("sso", "ListApplications", r"portal\.sso", "GET", "/instance/appinstances"),
    _row("sso", "ListProfilesForApplication", r"portal\.sso", "GET",
         "/instance/appinstance/(?P<instanceId>[^/]+)/profiles"),
    _row("sso", "Federate", r"portal\.sso", "GET", "/federation/console"),
    _row("sso", "Authenticate", r"portal\.sso", "POST", "/auth/sso-token"),
    # AWS IoT Core developer guide, "Authorizing direct calls to AWS services": the certificate of
    # a device, for the credentials of a role.
    _row("iot", _OF_DEVICES, r"[^.]+\.credentials\.iot", "GET",
         "/role-aliases/(?P<roleAlias>[^/]+)/credentials",
         more=_headers(thingName="x-amzn-iot-thingname")),
    # Amazon Transcribe developer guide, "Setting up a WebSocket stream"; AWS IoT Core, "Device
    # communication protocols" (MQTT over WebSocket); Systems Manager, "Message Gateway".
    _row("transcribe", "StartStreamTranscriptionWebSocket", r"transcribestreaming", "GET",
         "/stream-transcription-websocket", scope="transcribe"),
    _row("transcribe", "StartMedicalStreamTranscriptionWebSocket", r"transcribestreaming", "GET",
         "/medical-stream-transcription-websocket", scope="transcribe"),
    _row("iot", "Connect", r"[^.]+\.iot", "GET", "/mqtt", scope="iotdevicegateway"),
    _row("ssmmessages", "OpenDataChannel", "ssmmessages", "GET",
         "/v1/data-channel/(?P<SessionId>[^/]+)", scope="ssmmessages"),
    _row("ssmmessages", "OpenControlChannel", "ssmmessages", "GET",
         "/v1/control-channel/(?P<InstanceId>[^/]+)", scope="ssmmessages"),
    # Amazon Kinesis Video Streams, "PutMedia".
    _row("kinesis-video-media", "PutMedia", r"(?:[^.]+\.)?kinesisvideo", "POST", "/putMedia",
         scope="kinesisvideo",
         more=_headers(StreamName="x-amzn-stream-name", StreamARN="x-amzn-stream-arn")),
    # Managed Service for Prometheus, "Prometheus-compatible APIs", and the actions of each.
    _aps("RemoteWrite", "POST", _APS + "/remote_write"),
    _aps("QueryMetrics", "GET POST", _APS + "/query(?:_range|_exemplars)?"),
    _aps("GetLabels", "GET POST", _APS + "/(?:labels|label/[^/]+/values)"),
    _aps("GetSeries", "GET POST", _APS + "/series"),
    _aps("GetMetricMetadata", "GET", _APS + "/metadata"),
    _aps("ListRules", "GET", _APS + "/rules"),
    _aps("ListAlerts", "GET", _APS + "/alerts"),
    _aps("ListAlertManagerAlerts", "GET", _ALERTS + "/alerts"),
    _aps("CreateAlertManagerAlerts", "POST", _ALERTS + "/alerts"),
    _aps("ListAlertManagerAlertGroups", "GET", _ALERTS + "/alerts/groups"),
    _aps("ListAlertManagerReceivers", "GET", _ALERTS + "/receivers"),
    _aps("ListAlertManagerSilences", "GET", _ALERTS + "/silences"),
    _aps("PutAlertManagerSilences", "POST", _ALERTS + "/silences"),
    _aps("GetAlertManagerSilence", "GET", _ALERTS + "/silence/(?P<silenceId>[^/]+)"),
    _aps("DeleteAlertManagerSilence", "DELETE", _ALERTS + "/silence/(?P<silenceId>[^/]+)"),
    _aps("GetAlertManagerStatus", "GET", _ALERTS + "/status"),
    # CodeArtifact user guide, "Repository endpoints": package managers' own protocols.
    _row("codeartifact", "ReadFromRepository", r"(?P<domain>.+)-(?P<domainOwner>\d{12})\.d\.codeartifact",
         "GET HEAD", "/(?P<format>[^/]+)/(?P<repository>[^/]+)(?:/.*)?"),
    _row("codeartifact", "PublishPackageVersion", r"(?P<domain>.+)-(?P<domainOwner>\d{12})\.d\.codeartifact",
         "PUT POST", "/(?P<format>[^/]+)/(?P<repository>[^/]+)(?:/.*)?"),
)  # fmt: skip


def find(request: Request, credential: Credential) -> Unmodelled | None:
    """The operation that a request is; None where the table has none."""
    for row, at in _candidates(request.host, credential.service):
        if request.method not in row.methods.split():
            continue
        path = row.path.fullmatch(request.path)
        if path is not None and (row.query is None or row.query in request.query):
            return _told(row, request, at, path.groupdict())
    return None


def is_host(name: host.Host) -> bool:
    """Has AWS's name a row here? Devices show a certificate to those that hand out credentials."""
    labels = ".".join(name.labels)
    return any(row.host.fullmatch(labels) for row in _ROWS if row.operation != _OF_DEVICES)


@remembered(4096)
def _candidates(header: str, scope: str | None) -> tuple[tuple[_Row, Mapping[str, Value]], ...]:
    """The rows of a host or scope, with what the host's name tells."""
    name = host.parse(header)
    found = ((row, _at(row, name, scope)) for row in _ROWS)
    return tuple((row, at) for row, at in found if at is not None)


def _at(row: _Row, name: host.Host, scope: str | None) -> Mapping[str, Value] | None:
    if name.partition is not None or name.local:
        named = row.host.fullmatch(".".join(name.labels))
        if named is not None or name.partition is not None:
            return named and named.groupdict()
    return {} if row.scope is not None and scope == row.scope else None


def _told(
    row: _Row, request: Request, at: Mapping[str, Value], path: Mapping[str, Value]
) -> Unmodelled:
    found = {
        member: unquote(value) for member, value in {**at, **path}.items() if value is not None
    }
    parameters = row.more(request, found) if row.more is not None else found
    return Unmodelled(
        service=row.service,
        operation=row.operation,
        parameters=parameters,
        reads_body=row.more is _session,
    )
