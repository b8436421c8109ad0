"""Calls of every writing operation whose answer has an id or an ARN, made from botocore's models."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.model import OperationModel, Shape
from botocore.session import Session

from apitrail.aws import models
from apitrail.aws.call import Call, Map
from apitrail.cloudtrail import access

ACCOUNT = "123456789012"
REGION = "eu-central-1"
DEEPEST = 6

# However a service spells it: `GroupId`, `WebACLId`, `SAMLProviderUUID`, `SourceIdsList`.
_ID = re.compile(
    r"(?:Id|ID|Identifier|Uid|Uuid|Guid|Arn|ARN)s?(?:List|Set|To[A-Z]\w+)?$"
    r"|^(?:id|uid|uuid|arn|identifier)s?$|_(?:id|arn)s?$"
)
_ARN = re.compile(r"arns?$", re.IGNORECASE)


@dataclass
class Answer:
    """An answer with a text of its own in each id and ARN; `ids` has their members' paths."""

    service: str
    ids: dict[str, str] = field(default_factory=dict)

    def value(self, shape: Shape, path: tuple[str, ...] = (), above: tuple[str, ...] = ()) -> Any:
        match shape.type_name:
            case "structure" if len(above) <= DEEPEST and shape.name not in above:
                made = {
                    name: self.value(member, (*path, name), (*above, shape.name))
                    for name, member in shape.members.items()
                }
                return {name: value for name, value in made.items() if value}
            case "list":
                item = self.value(shape.member, path, above)
                return [item] if item else None
            case "map":
                item = self.value(shape.value, path, above)
                return Map({"k": item}) if item else None
            case "string" if _ID.search(path[-1]):
                return self._id(path)
        return None

    def _id(self, path: tuple[str, ...]) -> str:
        name = f"made{len(self.ids):04}"
        if _ARN.search(path[-1]):
            name = f"arn:aws:{self.service}:{REGION}:{ACCOUNT}:thing/{name}"
        self.ids[name] = ".".join(path)
        return name


def asked(operation: OperationModel) -> dict[str, Any]:
    """The texts that the model requires."""
    shape = operation.input_shape
    return {
        name: f"asked-{name.lower()}"
        for name in (shape.required_members if shape else ())
        if shape.members[name].type_name == "string"
    }


def creations(every: int = 1) -> Iterator[tuple[Call, dict[str, str]]]:
    """Each write whose answer has an id, and its ids with the members that they stand in.

    Of one service in `every`.
    """
    for service in Session().get_available_services()[::every]:
        model = models.service(service)
        for name in model.operation_names:
            call = Call(
                service=service,
                operation=name,
                signing_name=model.signing_name,
                endpoint_prefix=model.endpoint_prefix,
                region=REGION,
            )
            operation = model.operation_model(name)
            if access.read_only(call) or operation.output_shape is None:
                continue
            answer = Answer(model.signing_name)
            result = answer.value(operation.output_shape)
            if answer.ids:
                yield call.changed(parameters=asked(operation), result=result), answer.ids
