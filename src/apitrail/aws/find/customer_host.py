"""Hosts behind which a customer's own code answers: function URLs, APIs, domains, gateways.

Whoever may call one of them chooses the path, so no path there names an operation of AWS's. Such a
request is told by the name of the IAM action that allows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from apitrail.aws.find import host
from apitrail.aws.find.unmodelled import Unmodelled
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Request
from apitrail.remembered import remembered

type Name = Callable[[Request], str]


def _search(request: Request) -> str:
    """OpenSearch domains have an action for each method."""
    return f"ESHttp{request.method.capitalize()}"


def _serverless(request: Request) -> str:
    dashboards = request.path.startswith("/_dashboards")
    return "DashboardsAccessAll" if dashboards else "APIAccessAll"


def _graphql(request: Request) -> str:
    """AppSync's two kinds of API share a name (developer guide, "Event API", "Realtime")."""
    if request.path == "/event":
        return "EventPublish"
    return "EventConnect" if request.path.startswith("/event/") else "GraphQL"


def _always(name: str) -> Name:
    return lambda _: name


# The last labels of a host name -> service and action (service authorization reference). With
# `front`, only names with a label before these: the bare name is a service's own.
_HOSTS: tuple[tuple[tuple[str, ...], bool, str, Name], ...] = (
    (("lambda-url",), False, "lambda", _always("InvokeFunctionUrl")),
    (("execute-api",), False, "execute-api", _always("Invoke")),
    (("appsync-api",), False, "appsync", _graphql),
    (("appsync-realtime-api",), False, "appsync", _graphql),
    (("aoss",), True, "aoss", _serverless),
    (("es",), True, "es", _search),
    (("aos",), True, "es", _search),
    (("osis",), True, "osis", _always("Ingest")),
    (("gateway", "bedrock-agentcore"), False, "bedrock-agentcore", _always("InvokeGateway")),
    (("vpc-lattice-svcs",), False, "vpc-lattice-svcs", _always("Invoke")),
    (("eks",), True, "eks", _always("AccessKubernetesApi")),
)
# LocalStack's name for a domain.
_LOCAL_HOSTS = ((("opensearch",), True, "es", _search),)

# Scopes that such a host is also signed for under a name of the customer's own.
_SCOPES: dict[str, tuple[str, Name]] = {
    "execute-api": ("execute-api", _always("Invoke")),
    "vpc-lattice-svcs": ("vpc-lattice-svcs", _always("Invoke")),
    "aoss": ("aoss", _serverless),
    "es": ("es", _search),
    "osis": ("osis", _always("Ingest")),
}

# API Gateway's own operations on the connections of a WebSocket API. No resource of a REST API can
# have an `@` in its name ("Resources", API Gateway developer guide).
_CONNECTION = re.compile(r"(?:/[^/@]+)?(?P<path>/@connections/[^/]+)")

# LocalStack's paths for APIs: `/restapis/ID/STAGE/_user_request_/…`, `/_aws/execute-api/ID/STAGE/…`.
_LOCAL_API = re.compile(r"/restapis/[^/]+/[^/]+/_user_request_(?:/.*)?|/_aws/execute-api/.*")


def find(request: Request) -> Unmodelled | None:
    """What a request to a customer's own host is; None for other hosts."""
    name = host.parse(request.host)
    if name.partition is None and not name.local:
        return _invoked(request) if _LOCAL_API.fullmatch(request.path) else None
    if (known := _known(request.host)) is not None:
        service, action = known
        is_own = service == "execute-api" and connection(request) is not None
        return None if is_own else _told(request, service, action)
    if name.partition and not host.is_aws(request.host):
        return Unmodelled(customers=True)
    return _invoked(request) if name.local and _LOCAL_API.fullmatch(request.path) else None


def is_signed(header: str) -> bool:
    """Is it a host whose requests AWS signatures may allow, or a certificate that all trust?

    A cluster of EKS has a certificate authority of its own.
    """
    known = _known(header)
    return known is not None and known[0] != "eks"


@remembered(4096)
def _known(header: str) -> tuple[str, Name] | None:
    name = host.parse(header)
    for labels, front, service, action in (*_HOSTS, *(_LOCAL_HOSTS if name.local else ())):
        if name.labels[-len(labels) :] == labels and not (front and name.labels == labels):
            return service, action
    return None


def by_scope(request: Request, credential: Credential) -> Unmodelled | None:
    """The same for a host of another name, where the credential scope alone tells.

    It is for what no operation of AWS's fits.
    """
    if host.parse(request.host).partition is not None:
        return None
    if credential.service == "appsync" and request.path == "/graphql":
        return _told(request, "appsync", _graphql)
    found = _SCOPES.get(credential.service or "")
    return None if found is None else _told(request, *found)


def connection(request: Request) -> str | None:
    """The path of an operation on a WebSocket's connection, its stage taken off."""
    found = _CONNECTION.fullmatch(request.path)
    return found["path"] if found else None


def _invoked(request: Request) -> Unmodelled:
    return _told(request, "execute-api", _always("Invoke"))


def _told(request: Request, service: str, action: Name) -> Unmodelled:
    parameters = {"method": request.method, "path": request.path}
    return Unmodelled(
        service=service, operation=action(request), parameters=parameters, customers=True
    )
