"""Exchanges with secrets in them, as botocore and the services write them, and where to look."""

import base64
import json
import random
from functools import cache
from urllib.parse import quote

from apitrail.aws import decode
from apitrail.aws.call import Call
from apitrail.aws.sign import auth
from apitrail.exchange import Body, Exchange, Request, Response
from apitrail.redact import Redactor
from aws import answers
from aws.wire import Wire

KEY = b"a redaction key of 32 bytes ...."
SECRET = "cnry-7f3Kq+9/zW=x2"
REDACTOR = Redactor(KEY)
SHOWN = REDACTOR.value(SECRET)
NOTHING = Call(service="sqs", operation="DeleteQueue", parameters={"QueueUrl": "u"}, result={})


@cache
def wire():
    return Wire()


@cache
def client(service):
    return wire().client(service)


def exchange(request, response=None):
    return Exchange(
        id="x",
        started=1,
        client="192.0.2.1",
        upstream="https://aws.example:443",
        request=request,
        response=response,
    )


def post(*headers, target="/", body=b"", host="service.eu-west-1.amazonaws.com"):
    return Request(
        method="POST",
        scheme="https",
        host=host,
        target=target,
        http_version="HTTP/1.1",
        headers=(("Host", host), *headers),
        body=Body.of(body),
    )


def answer(body=b"", *headers, status=200):
    return Response(status=status, http_version="HTTP/1.1", headers=headers, body=Body.of(body))


def asked(service, operation, parameters):
    """The exchange and call of an unanswered request that botocore wrote."""
    request = wire().send(client(service), operation, parameters).request
    return exchange(request), decode.request(request, auth.read(request))


def answered(service, operation, result):
    """The exchange and call of an answer, to a request without a word of its own."""
    model = client(service).meta.service_model
    shape = model.operation_model(operation)
    written = answers.write(shape, model.resolved_protocol, result, random.Random(1))
    response = answer(written.body, *written.headers)
    call = Call(
        service=service,
        operation=operation,
        api_version=model.api_version,
        protocol=model.resolved_protocol,
        parameters={},
    )
    return exchange(post(), response), decode.response(call, response)


def everything(value):
    """All that is in a value, as one text."""
    return repr(value)


def forms(secret):
    data = secret if isinstance(secret, bytes) else secret.encode()
    text = data.decode("utf-8", "replace")
    return {
        text,
        repr(text)[1:-1],
        repr(data)[2:-1],
        data.hex(),
        data.hex().upper(),
        base64.b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode(),
        quote(text, safe=""),
        quote(text),
        json.dumps(text)[1:-1],
    }


def found(secret, *values):
    text = "\n".join(everything(value) for value in values)
    return sorted(form for form in forms(secret) if form in text)


def after(request, response=None, call=NOTHING):
    """The exchange and the call without secrets."""
    return REDACTOR.both(exchange(request, response), call)
