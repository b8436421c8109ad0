"""The compact index of every service model: names, hosts, targets, actions and routes."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from sys import intern

import orjson

from apitrail.aws.call import Structure, Value
from apitrail.aws.find import host

FORMAT = 3
"""Goes up whenever what `build` returns changes."""

_REGION_PLACEHOLDER = re.compile(r"\{[^}]*(?:[Rr]egion)\}")
_PLACEHOLDER = re.compile(r"\{[^}]*\}")


def _parse_lean(content: bytes) -> Structure:
    model: Structure = json.loads(content, object_pairs_hook=_lean)
    return model


def _lean(pairs: list[tuple[str, Value]]) -> Structure:
    """Without the prose, which is most of a model; equal strings are there once.

    What is left would lie scattered in memory if the prose were removed afterwards.
    """
    return {
        name: intern(value) if isinstance(value, str) else value
        for name, value in pairs
        if name != "documentation" or not isinstance(value, str)
    }


def read_model(
    directory: Path, kind: str, parse: Callable[[bytes], Structure] = _parse_lean
) -> Structure | None:
    """One model file of `directory` (`service-2`, `endpoint-rule-set-1`), extras merged in.

    Where nothing else is to `parse` it, it is read to be kept: without prose.
    """
    for path, reader in (
        (directory / f"{kind}.json.gz", gzip.open),
        (directory / f"{kind}.json", open),
    ):
        if path.exists():
            with reader(path, "rb") as file:
                model: Structure = parse(file.read())
            return _with_extras(model, directory / f"{kind}.sdk-extras.json")
    return None


def _with_extras(model: Structure, path: Path) -> Structure:
    if path.exists():
        _merge(model, json.loads(path.read_bytes()).get("merge", {}))
    return model


def _merge(base: Structure, extra: Structure) -> None:
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def directories(data: Path) -> Iterator[tuple[str, str, Path]]:
    """Service name, api version and directory of every model below botocore's `data`."""
    for service in sorted(data.iterdir()):
        if service.is_dir():
            for version in sorted(service.iterdir()):
                if any(version.glob("service-2.json*")):
                    yield service.name, version.name, version


def build(data: Path) -> Structure:
    """The index of all models below `data`: plain JSON, see `index.Index` for its meaning."""
    found = list(directories(data))
    latest = {name: version for name, version, _ in found}
    services = [
        _service(name, version, directory, current=latest[name] == version)
        for name, version, directory in found
    ]
    return {"services": [service for service in services if service]}


def _service(name: str, version: str, directory: Path, *, current: bool) -> Structure | None:
    model = read_model(directory, "service-2", orjson.loads)
    if model is None:
        return None
    meta = model["metadata"]
    urls, signing = _endpoints(directory)
    prefixes = {
        op["endpoint"]["hostPrefix"]
        for op in model["operations"].values()
        if "hostPrefix" in op.get("endpoint", {})
    }
    return {
        "name": name,
        "version": version,
        "api_version": meta["apiVersion"],
        "current": current,
        "bearer": _takes_bearer(meta),
        "service_id": meta["serviceId"],
        "signing_name": meta.get("signingName", meta["endpointPrefix"]),
        "endpoint_prefix": meta["endpointPrefix"],
        "target_prefix": meta.get("targetPrefix"),
        "protocols": meta.get("protocols") or [meta["protocol"]],
        "signing": sorted(signing | {meta.get("signingName", meta["endpointPrefix"])}),
        "hosts": sorted(set(_keys(urls | {meta["endpointPrefix"] + ".amazonaws.com"}, prefixes))),
        "operations": sorted(model["operations"]),
        "unsigned": sorted(n for n, o in model["operations"].items() if _is_unsigned(o)),
        "routes": list(_routes(model)) if _is_rest(meta) else [],
    }


def _takes_bearer(meta: Structure) -> bool:
    schemes = meta.get("auth", ())
    return meta.get("signatureVersion") == "bearer" or "smithy.api#httpBearerAuth" in schemes


def _is_rest(meta: Structure) -> bool:
    return str(meta["protocol"]).startswith("rest-")


def _is_unsigned(operation: Structure) -> bool:
    schemes = operation.get("auth", ())
    return bool(operation.get("authtype") == "none" or "smithy.api#noAuth" in schemes)


def _endpoints(directory: Path) -> tuple[set[str], set[str]]:
    urls: set[str] = set()
    signing: set[str] = set()
    rules = [read_model(directory, "endpoint-rule-set-1", orjson.loads) or {}]
    while rules:
        rule = rules.pop()
        rules.extend(rule.get("rules", ()))
        endpoint = rule.get("endpoint", {})
        if isinstance(endpoint.get("url"), str):
            urls.add(endpoint["url"].partition("://")[2].partition("/")[0])
        for scheme in endpoint.get("properties", {}).get("authSchemes", ()):
            if isinstance(scheme.get("signingName"), str):
                signing.add(scheme["signingName"])
    return urls, {name for name in signing if "{" not in name}


def _keys(urls: set[str], prefixes: set[str]) -> Iterator[str]:
    """Host keys (see `host.key`) of URL templates, with and without the operations' prefixes."""
    for url in urls:
        text = re.sub(
            r"\{[^}]*dnsSuffix\}|\{[^}]*dualStackDnsSuffix\}",
            "amazonaws.com",
            url,
            flags=re.IGNORECASE,
        )
        text = re.sub(r"\{[^}]*implicitGlobalRegion\}", "us-east-1", text, flags=re.IGNORECASE)
        text = _REGION_PLACEHOLDER.sub("us-east-1", text)
        labels = [label for label in host.key(text) if not _PLACEHOLDER.search(label)]
        if not labels or "localhost" in text:
            continue
        base = ".".join(labels)
        yield base
        for prefix in prefixes:
            literal = _PLACEHOLDER.sub("", prefix).lstrip(".-")
            if literal:
                yield literal + base


def _routes(model: Structure) -> Iterator[list[Value]]:
    for name, operation in model["operations"].items():
        http = operation["http"]
        path, _, query = http["requestUri"].partition("?")
        members = _members(model, operation)
        required = set(members.get("required", ()))
        bound: dict[str, list[str]] = {"querystring": [], "header": []}
        for member, ref in members.get("members", {}).items():
            if member in required and ref.get("location") in bound:
                bound[ref["location"]].append(
                    ref.get("locationName", member).lower()
                    if ref["location"] == "header"
                    else ref.get("locationName", member)
                )
        yield [
            name,
            http["method"],
            http.get("authPath", path).partition("?")[0],
            [
                pair.split("=", 1) if "=" in pair else [pair, None]
                for pair in query.split("&")
                if pair
            ],
            bound["querystring"],
            bound["header"],
            operation.get("endpoint", {}).get("hostPrefix"),
            bool(operation.get("deprecated")),
            _is_express(operation),
        ]


def _is_express(operation: Structure) -> bool:
    """Is it served by S3 Express's control endpoint?"""
    context = operation.get("staticContextParams", {})
    return bool(context.get("UseS3ExpressControlEndpoint", {}).get("value"))


def _members(model: Structure, operation: Structure) -> Structure:
    shape: Structure = model["shapes"].get(operation.get("input", {}).get("shape"), {})
    return shape
