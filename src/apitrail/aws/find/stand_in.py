"""The endpoints that stand-ins for AWS have for themselves: health, reset, state."""

from __future__ import annotations

import re

from apitrail.aws.find import host
from apitrail.aws.find.unmodelled import Unmodelled
from apitrail.aws.sign.credential import Credential
from apitrail.exchange import Request

# `_localstack` and `_aws` cannot be names of buckets, `moto-api` and `minio` can: of these two only
# the paths count that the stand-in itself has. LocalStack documentation, "Internal endpoints";
# moto's `moto_api/_internal/urls.py`; MinIO documentation, "Healthcheck probe" and "Metrics".
_OWN = re.compile(
    r"/_localstack(?:/.*)?"
    r"|/_aws(?:/.*)?"
    r"|/moto-api/?(?:lib\.js|data\.json|reset|reset-auth|seed|config|proxy/passthrough"
    r"|static/[a-z0-9-]+/[a-z-]+"
    r"|state-manager/(?:get|set|unset)-transition"
    r"|recorder/(?:reset|start|stop|upload|download|replay)-recording)?"
    r"|/minio/health/(?:live|ready|cluster(?:/read)?)"
    r"|/minio/prometheus/metrics"
    r"|/minio/(?:v2/metrics|metrics/v3)(?:/[a-z/-]*)?"
    r"|/minio/admin/v\d/[A-Za-z/-]*"
    r"|/minio/(?:bootstrap|lock|storage|peer|grid)/v?\d*/?.*"
)


def find(request: Request, credential: Credential) -> Unmodelled | None:
    """The mark of a stand-in's own endpoint; None for everything else.

    A signed request is a call to AWS, whatever its path, and so is one to a name of AWS's.
    """
    if credential.scheme not in ("none", "bearer") or host.parse(request.host).partition:
        return None
    return Unmodelled(stand_in=True) if _OWN.fullmatch(request.path) else None
