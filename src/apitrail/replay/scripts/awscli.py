"""The steps of a recording as a shell script of aws-cli commands."""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterator

from apitrail.aws.call import Structure, Value
from apitrail.event import plain
from apitrail.replay.scripts import shell
from apitrail.replay.scripts.shell import Marks
from apitrail.replay.scripts.steps import Given, Script, Secret, Step, Text

_ABOUT = "Where to: AWS_ENDPOINT_URL, else AWS itself. As whom: as aws-cli finds credentials."
_FUNCTIONS = r"""export AWS_PAGER="" AWS_DEFAULT_REGION={region}
files=$(mktemp -d); trap 'rm -rf "$files"' EXIT
case $(command aws --version 2>&1) in aws-cli/1.*) raw= ;; *) raw="--cli-binary-format raw-in-base64-out" ;; esac
aws() {{ command aws ${{AWS_ENDPOINT_URL:+--endpoint-url "$AWS_ENDPOINT_URL"}} "$@"; }}
refused() {{
  code=$1; shift
  if said=$("$@" 2>&1); then echo "not refused with $code: $*" >&2; exit 1; fi
  case $said in *"($code)"*) ;; *) echo "$said" >&2; exit 1 ;; esac
}}
needs_2() {{ [ -n "$raw" ] || {{ echo "skipped: aws-cli 1 cannot send binary in JSON: $1" >&2; return 1; }}; }}"""

# Service → aws-cli's name of it (awscli.customizations: rename_command, and s3 is another tool).
RENAMED = {"s3": "s3api", "codedeploy": "deploy", "config": "configservice"}

# Options that mean something to aws-cli itself, and operations whose options it changes
# (awscli.customizations, v1 and v2): these get their parameters as JSON.
_GLOBAL = frozenset({
    "debug", "endpoint-url", "no-verify-ssl", "no-paginate", "output", "query", "profile", "region",
    "version", "color", "no-sign-request", "ca-bundle", "generate-cli-skeleton", "cli-input-json",
    "page-size", "max-items", "starting-token", "endpoint", "start", "end", "reboot", "tags",
})  # fmt: skip
_CHANGED = re.compile(
    r"ec2:(?:RunInstances|RequestSpot.*|.*SecurityGroup(?:In|E)gress|.*Image|ModifyInstanceAttribute"
    r"|BundleInstance|CreateNetworkAclEntry|ReplaceNetworkAclEntry)|emr:.*|datapipeline:.*|swf:.*"
    r"|ecs:.*|sagemaker:.*|gamelift:.*|schemas:.*|mturk:.*|iotwireless:.*|opsworks.*|logs:.*"
    r"|apigateway.*|kinesisanalytics.*|eks:.*|route53.*|codecommit:.*|cloudsearchdomain:.*"
)

# aws-cli's option for a file that the API takes inside a structure.
_ZIP = ("lambda", "CreateFunction", "Code", "ZipFile")


def lines(script: Script) -> Iterator[str]:
    """The script's lines."""
    yield from shell.head(script, _ABOUT)
    yield shell.FUNCTIONS[shell.JSON]
    yield _FUNCTIONS.format(region=script.region)
    yield ""
    for number, step in enumerate(script.steps, 1):
        about = f"{step.call.name}, event {step.call.event_id}"
        obstacle = step.obstacle or _obstacle(step)
        if obstacle is not None:
            yield shell.comment(f"not written: {about}: {obstacle}")
            continue
        yield "\n".join(_Command(step, number, script.region).lines())


def _obstacle(step: Step) -> str | None:
    if isinstance(step.parameters.get("CopySource"), dict):
        return "aws-cli takes the end of this key for a version"
    return None


class _Command:
    """One step being written."""

    def __init__(self, step: Step, number: int, region: str) -> None:
        self._step = step
        self._number = number
        self._region = region
        self._files: list[str] = []
        self._options: list[str] = []
        self._marks = Marks()
        self._is_binary = False

    def lines(self) -> Iterator[str]:
        step, call = self._step, self._step.call
        command = " ".join(self._words())
        yield from self._files
        guard = f"needs_2 {call.name} && " if self._is_binary else ""
        if call.error is not None:
            yield f"{guard}refused {call.error} {command}"
        elif not step.gives:
            yield f"{guard}{command}"
        elif len(step.gives) == 1:
            [given] = step.gives
            yield f"{guard}{given.name}=$({command} --query {_quoted_path(given)} --output text)"
        else:
            paths = ",".join(_path(given) for given in step.gives)
            yield f"{guard}set -- $({command} --query '[{paths}]' --output text)"
            yield "; ".join(f"{given.name}=${{{n}}}" for n, given in enumerate(step.gives, 1))
        for given in step.gives:
            if given.last:
                yield f"{given.name}=${{{given.name}##*/}}"

    def _words(self) -> list[str]:
        from botocore import xform_name

        step, call = self._step, self._step.call
        service = str(call.service)
        words = ["aws", RENAMED.get(service, service), xform_name(str(call.operation), "-")]
        if call.region is not None and call.region != self._region:
            words.append(f"--region {call.region}")
        rest = self._take_files(dict(step.parameters))
        if all(self._is_simple(name, item) for name, item in rest.items()):
            words += [self._option(name, item) for name, item in rest.items()]
        else:
            document = shell.document(self._texts(rest), self._marks)
            words += [f"--cli-input-json {document}", *self._raw(rest)]
        words += self._options
        if step.model is not None and step.model.has_streaming_output:
            words.append("/dev/null")
        return words

    def _take_files(self, parameters: Structure) -> Structure:
        """Blobs at the top become files, which every aws-cli reads as they are."""
        from botocore import xform_name

        shape = self._step.model.input_shape if self._step.model else None
        rest = {}
        for name, item in parameters.items():
            streamed = shape is not None and bool(
                shape.members[name].serialization.get("streaming")
            )
            # Not modelled as streaming where it is the whole body and aws-cli opens the file.
            opened = streamed or (shape is not None and shape.serialization.get("payload") == name)
            is_blob = shape is not None and shape.members[name].type_name == "blob"
            if isinstance(item, bytes) or (is_blob and isinstance(item, Text)):
                place = self._file(name, item)
                opens = (
                    opened and self._step.model is not None and self._step.model.has_streaming_input
                )
                prefix = "" if opens else "fileb://"
                self._options.append(f'--{xform_name(name, "-")} {prefix}"{place}"')
            else:
                rest[name] = item
        service, operation, code, archive = _ZIP
        call = self._step.call
        if (call.service, call.operation) == (service, operation):
            inside = dict(rest.get(code) or {})
            if isinstance(inside.get(archive), bytes):
                self._options.append(
                    f'--zip-file fileb://"{self._file(archive, inside.pop(archive))}"'
                )
                rest = {name: item for name, item in rest.items() if name != code}
                rest |= {code: inside} if inside else {}
        return rest

    def _file(self, name: str, data: bytes | Text) -> str:
        place = f"$files/{self._number}-{name}"
        if isinstance(data, Text):
            # Answers show bytes as base64; secrets are given as they are.
            decode = " | base64 -d" if any(isinstance(p, Given) for p in data.parts) else ""
            self._files.append(f'printf %s {self._word(data)}{decode} > "{place}"')
            return place
        text = "\n".join(textwrap.wrap(base64.b64encode(data).decode(), 96))
        self._files.append(f"base64 -d > \"{place}\" <<'END'\n{text}\nEND")
        return place

    def _is_simple(self, name: str, item: Value) -> bool:
        from botocore import xform_name

        call = self._step.call
        if xform_name(name, "-") in _GLOBAL or _CHANGED.fullmatch(call.name):
            return False
        if isinstance(item, bool):
            return True
        if isinstance(item, list):
            return bool(item) and all(_is_word(one) for one in item)
        return isinstance(item, int) or _is_word(item)

    def _option(self, name: str, item: Value) -> str:
        from botocore import xform_name

        option = xform_name(name, "-")
        if isinstance(item, bool):
            return f"--{option}" if item else f"--no-{option}"
        items = item if isinstance(item, list) else [item]
        return f"--{option} {' '.join(map(self._word, items))}"

    def _word(self, item: Value) -> str:
        marks = Marks()
        return marks.quoted(str(marks.marked(item)))

    def _texts(self, value: Value) -> Value:
        """Nested blobs as the text they hold, to be said to be raw; where one holds none, base64."""
        self._is_binary = any(not _is_text(blob) for blob in _blobs(value))
        return self._written(value)

    def _written(self, value: Value) -> Value:
        if isinstance(value, bytes):
            return plain(value) if self._is_binary else value.decode()
        if isinstance(value, dict):
            return {name: self._written(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self._written(item) for item in value]
        return value if isinstance(value, Text) else plain(value)

    def _raw(self, value: Value) -> list[str]:
        return ["$raw"] if next(_blobs(value), None) is not None and not self._is_binary else []


# Members whose next value may look like an option or a URL, whatever the recorded one looks like.
_UNTELLING = re.compile(r"(?:token|handle|marker|ur[li]|key|secret|password)(?:_\d+)?")


def _is_word(item: Value) -> bool:
    """Is it a text that aws-cli takes for nothing but itself (no option, file, URL or JSON)?

    Nobody can say that of a secret: aws-cli 1 fetches `http://…` and reads `file://…`.
    """
    if isinstance(item, Text) and not all(map(_is_telling, item.parts)):
        return False
    text = item.recorded if isinstance(item, Text) else item
    return (
        isinstance(text, str)
        and text != ""
        and not text.startswith(("-", "{", "[", "file://", "fileb://", "http://", "https://"))
        and "=" not in text
    )


def _is_telling(part: str | Given | Secret) -> bool:
    match part:
        case Secret():
            return False
        case Given(name=name):
            return _UNTELLING.search(name) is None
        case _:
            return True


def _blobs(value: Value) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _blobs(item)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _path(given: Given) -> str:
    """JMESPath."""
    text = ""
    for key in given.path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            name = (
                key if re.fullmatch(r"[A-Za-z_]\w*", key) else '"' + key.replace('"', '\\"') + '"'
            )
            text += f".{name}" if text else name
    return text


def _quoted_path(given: Given) -> str:
    return "'" + _path(given).replace("'", "'\\''") + "'"
