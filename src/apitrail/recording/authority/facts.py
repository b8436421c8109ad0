"""What is told of a CA: its facts, and what its clients must do after it was replaced."""

from __future__ import annotations

from apitrail.recording.authority.authority import Authority
from apitrail.recording.authority.ca_files import CaFiles


def facts(files: CaFiles) -> dict[str, str | list[str]]:
    """What `apitrail ca show` prints; raises UsageError where there is no CA."""
    authority = files.read()
    found: dict[str, str | list[str]] = {
        "subject": authority.subject,
        "sha256": authority.fingerprint,
        "from": f"{authority.begins:%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{authority.ends:%Y-%m-%dT%H:%M:%SZ}",
        "signs for": _signs_for(authority),
        "certificate": str(files.certificate.absolute()),
        "key": str(files.key.absolute()),
    }
    if files.retired:
        found["retired"] = [str(path.absolute()) for path in files.retired]
    return found


def _signs_for(authority: Authority) -> str | list[str]:
    permitted = authority.permitted
    if permitted is None:
        return "any host"
    return [*permitted.names, *map(str, permitted.networks)]


def farewell(files: CaFiles) -> list[str]:
    """What to do now that the CA is another one."""
    lines = [
        f"apitrail: the new certificate is {str(files.certificate.absolute())!r}",
        'hint: shells run `eval "$(apitrail env)"` again; `apitrail exec` needs nothing',
        "hint: put it into the stores where the old one was put by hand (Java, system, browser)",
    ]
    if files.retired:
        lines.append("hint: take the old ones out of them; `apitrail ca show` says where they are")
    return lines
