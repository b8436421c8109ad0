"""What the response of a refused call says: code, message and ids, in every form services use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import client
from typing import TYPE_CHECKING

from apitrail.aws.call import Error, Value
from apitrail.aws.read import cbor, json_protocol, xml
from apitrail.aws.read.scalars import Doubts

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape

_LONGEST_CODE = 256
_LONGEST_TEXT = 4096

# The order in which a JSON or CBOR body is searched. `error` and `error_description` are OAuth's
# (RFC 6749, 5.2), which sso-oidc and signin speak.
_CODES = ("__type", "code", "Code", "errorCode", "error")
_MESSAGES = ("message", "Message", "errorMessage", "error_description")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error as on the wire; `names` are the codes it went by, most telling first."""

    code: str
    message: str | None = None
    names: tuple[str, ...] = ()
    request_id: str | None = None
    host_id: str | None = None

    def error(self, operation: OperationModel | None) -> Error:
        """With the name of the exception that the model has for it, if any."""
        shape = None if operation is None else _shape(operation, self.names or (self.code,))
        # A status stands in for a code only where no name says more.
        nameless = shape is not None and self.code.isdigit()
        code = self.names[0] if nameless and self.names else self.code
        return Error(code=code, message=self.message, shape=shape)


def of_status(status: int) -> Fault:
    """Where the body says nothing (HEAD, load balancers' pages): as boto3 shows it."""
    return Fault(code=str(status), message=client.responses.get(status))


def read(status: int, headers: Mapping[str, str], body: bytes | None, doubts: Doubts) -> Fault:
    """The error in a response; `headers` have lower-case names, `body` is None if it is unknown."""
    found = _of_body(status, headers, body, doubts) if body else of_status(status)
    header = _plain(headers.get("x-amzn-errortype", ""))
    if header:
        found = _renamed(found, header)
    # "Code;Sender": services that spoke the query protocol once keep their old codes here.
    code, separator, _ = headers.get("x-amzn-query-error", "").partition(";")
    if code and separator:
        found = _renamed(found, code[:_LONGEST_CODE])
    return found


def of_element(root: xml.Element) -> Fault | None:
    """The error in an XML document; None where it holds none."""
    holder = _holder(root)
    code = _text(holder, "Code")
    if code is None and holder is root:
        return None
    return Fault(
        code=(code or "")[:_LONGEST_CODE],
        message=_text(holder, "Message", "message"),
        request_id=_text(root, "RequestId", "RequestID", "requestId") or _text(holder, "RequestId"),
        host_id=_text(root, "HostId"),
    )


def _renamed(found: Fault, code: str) -> Fault:
    return Fault(
        code=code,
        message=found.message,
        names=(*(found.names or (found.code,)), code),
        request_id=found.request_id,
        host_id=found.host_id,
    )


def _of_body(status: int, headers: Mapping[str, str], body: bytes, doubts: Doubts) -> Fault:
    start = body[:512].lstrip()
    if start[:1] == b"<":
        return _of_markup(status, body, start, doubts)
    if start[:1] in (b"{", b"["):
        return _of_tree(status, json_protocol.parse(body, doubts))
    if "cbor" in headers.get("content-type", ""):
        return _of_tree(status, cbor.parse(body, doubts))
    text = body[:_LONGEST_TEXT].decode("utf-8", "replace")
    return Fault(
        code=str(status), message=text if text.isprintable() else client.responses.get(status)
    )


def _of_markup(status: int, body: bytes, start: bytes, doubts: Doubts) -> Fault:
    if start[:14].lower().startswith((b"<html", b"<!doctype html")):
        return of_status(status)
    root = xml.parse(body.strip(), doubts)
    found = None if root is None else of_element(root)
    if found is not None:
        return found
    # Some of Route 53's errors have no code: the root element is the exception.
    if root is not None:
        plain = of_status(status)
        return Fault(
            code=plain.code,
            message=_text(_child(root, "Messages") or root, "Message", "message") or plain.message,
            names=(root.tag[:_LONGEST_CODE],),
            request_id=_text(root, "RequestId", "RequestID"),
        )
    return of_status(status)


def _of_tree(status: int, tree: Value) -> Fault:
    if not isinstance(tree, dict):
        return of_status(status)
    nested = tree.get("Error")
    if isinstance(nested, dict) and not any(name in tree for name in _CODES):
        tree = nested
    code = next(_texts(tree, _CODES), None)
    return Fault(
        code=_plain(code) if code is not None else str(status),
        message=next(_texts(tree, _MESSAGES), None),
    )


def _texts(tree: Mapping[str, Value], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if isinstance(value := tree.get(name), str | int):
            yield str(value)


def _plain(code: str) -> str:
    """`ns#Name:http://…` without what is around the name."""
    return code.partition(":")[0].rpartition("#")[2].strip()[:_LONGEST_CODE]


def _holder(root: xml.Element) -> xml.Element:
    """The element that holds the code: `Error` at the top, in `ErrorResponse` or in `Errors`."""
    for path in (("Error",), ("Errors", "Error")):
        element: xml.Element | None = root
        for tag in path:
            element = None if element is None else _child(element, tag)
        if element is not None:
            return element
    return root


def _child(element: xml.Element, tag: str) -> xml.Element | None:
    return next((child for child in element.children if child.tag == tag), None)


def _text(element: xml.Element, *tags: str) -> str | None:
    for tag in tags:
        if (child := _child(element, tag)) is not None:
            return str(child.text)
    return None


def _shape(operation: OperationModel, names: tuple[str, ...]) -> str | None:
    own = {name: str(error.name) for error in operation.error_shapes for name in _known_as(error)}
    for name in names:
        if name in own:
            return own[name]
    for name in names:
        if (found := operation.service_model.shape_for_error_code(name)) is not None:
            return str(found.name)
    return None


def _known_as(shape: Shape) -> tuple[str, ...]:
    return (shape.name, shape.error_code or shape.name)
