"""What the examples say to Compose and Kubernetes: by their schemas, and run in the image."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import apart

pytestmark = [pytest.mark.image, pytest.mark.timeout(300)]

EXAMPLES = Path(__file__).parents[2] / "examples"
COMPOSE = EXAMPLES / "compose" / "compose.yaml"
MANIFESTS = sorted((EXAMPLES / "kubernetes").glob("*.yaml"))
DROPPED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return apart.install(
        tmp_path_factory, "kubernetes-validate==1.37.0", "check-jsonschema==0.39.0"
    )


def checked(*command: str | Path) -> None:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def pods() -> Iterator[dict[str, Any]]:
    """The specification of each pod that the manifests make."""
    for path in MANIFESTS:
        for each in yaml.safe_load_all(path.read_text("utf-8")):
            if "template" in each["spec"]:
                yield each["spec"]["template"]["spec"]


def containers() -> list[dict[str, Any]]:
    return [each for pod in pods() for each in (*pod.get("initContainers", ()), *pod["containers"])]


def recorders() -> list[dict[str, Any]]:
    return [
        each
        for each in containers()
        if each["args" if "args" in each else "command"][0] == "record"
    ]


def test_the_compose_file_is_as_its_specification_says(programs):
    checked(programs / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE)


def test_the_manifests_are_as_kubernetes_says(programs):
    checked(programs / "kubernetes-validate", "--strict", *MANIFESTS)


def test_every_pod_passes_the_restricted_standard_of_kubernetes():
    for pod in pods():
        context = pod["securityContext"]
        assert context["runAsNonRoot"]
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not any("hostPath" in volume for volume in pod["volumes"])
    assert all(each["securityContext"] == DROPPED for each in containers())


def test_every_recorder_is_probed_for_what_its_probes_mean():
    assert len(recorders()) == len(MANIFESTS)
    for each in recorders():
        for name, asked in (
            ("startup", "readyz"),
            ("readiness", "readyz"),
            ("liveness", "healthz"),
        ):
            command = each[f"{name}Probe"]["exec"]["command"]
            assert command == ["python3", "-Im", "apitrail.recording.probe", asked]


def test_every_recorder_of_compose_has_nothing_it_does_not_need():
    services = yaml.safe_load(COMPOSE.read_text("utf-8"))["services"]
    found = [each for name, each in services.items() if name.endswith("-recorder")]
    assert len(found) == 3
    for each in found:
        assert each["read_only"]
        assert each["cap_drop"] == ["ALL"]
        assert each["ports"] == ["127.0.0.1:4566:4566"]
