"""A call in a sentence, made of its event name: `John created the user Mary`."""

from __future__ import annotations

import re

from apitrail.event import Event
from apitrail.query import caller
from apitrail.reading import render

# First word of an event name → its past, and what stands before a name that is not of the noun's
# kind. Most of AWS's operations begin with one of these.
VERBS = {
    "Create": ("created", "for"), "Delete": ("deleted", "of"), "Put": ("put", "in"),
    "Get": ("read", "of"), "List": ("listed", "of"), "Describe": ("looked at", "of"),
    "Update": ("updated", "of"), "Modify": ("changed", "of"), "Add": ("added", "to"),
    "Remove": ("removed", "from"), "Attach": ("attached", "to"), "Detach": ("detached", "from"),
    "Start": ("started", "of"), "Stop": ("stopped", "of"), "Run": ("ran", "of"),
    "Terminate": ("terminated", "of"), "Authorize": ("allowed", "of"), "Revoke": ("revoked", "of"),
    "Tag": ("tagged", ""), "Untag": ("untagged", ""), "Assume": ("assumed", ""),
    "Enable": ("enabled", "of"), "Disable": ("disabled", "of"), "Associate": ("associated", "of"),
    "Disassociate": ("disassociated", "of"), "Register": ("registered", "of"),
    "Deregister": ("deregistered", "of"), "Set": ("set", "of"), "Copy": ("copied", "of"),
    "Send": ("sent", "to"), "Receive": ("received", "from"), "Publish": ("published", "to"),
    "Invoke": ("invoked", ""), "Head": ("looked up", "of"), "Restore": ("restored", "of"),
    "Upload": ("uploaded", "to"), "Complete": ("completed", "of"), "Abort": ("gave up", "of"),
    "Change": ("changed", "of"), "Reboot": ("rebooted", "of"), "Import": ("imported", "of"),
    "Batch": ("did a batch of", "in"), "Generate": ("generated", "of"), "Cancel": ("cancelled", "of"),
    "Query": ("queried", ""), "Scan": ("scanned", ""), "Decrypt": ("decrypted", "with"),
    "Encrypt": ("encrypted", "with"), "Schedule": ("scheduled", "of"),
}  # fmt: skip
# Names whose words do not fall apart as other names' do.
WHOLE = {
    "GetCallerIdentity": ("asked who the caller is", "ask who the caller is"),
    "ConsoleLogin": ("signed in to the console", "sign in to the console"),
}
_WORD = re.compile(r"[A-Z]+(?![a-z])[0-9]*|[A-Z][a-z0-9]*")


def of(event: Event) -> str:
    """Who did, or tried to do, what to which resource; the outcome is said beside it."""
    record = event.record()
    name = str(record.get("eventName") or "?")
    tried = render.outcome(event) not in ("ok", "unknown")
    did = _whole(name, tried=tried) or _taken_apart(name, event, tried=tried)
    return f"{who(event)} {did or f'called {render.operation(event)}'}"


def who(event: Event) -> str:
    """The caller's name, as tables print it."""
    if event.who is None:
        return "Somebody who is not shown"
    user = event.who.user
    return caller(user) or "Somebody"


def words(name: str) -> list[str]:
    """`CreateDBInstance` → Create, DB, Instance."""
    return _WORD.findall(name)


def _whole(name: str, *, tried: bool) -> str | None:
    if name not in WHOLE:
        return None
    past, plain = WHOLE[name]
    return f"tried to {plain}" if tried else past


def _taken_apart(name: str, event: Event, *, tried: bool) -> str | None:
    verb, *rest = words(name) or [""]
    if verb not in VERBS:
        return None
    past, preposition = VERBS[verb]
    noun = " ".join(each if each.isupper() else each.lower() for each in rest)
    is_several = noun.endswith("s") and not noun.endswith(("ss", "us"))
    article = "" if is_several or not noun else "the "
    done = f"tried to {_plain(verb, past)}" if tried else past
    return " ".join(filter(None, (done, f"{article}{noun}", _named(event, noun, preposition))))


def _plain(verb: str, past: str) -> str:
    """The verb itself, with what belongs to it: `look at`."""
    first, _, more = past.partition(" ")
    plain = {"looked": "look", "gave": "give", "did": "do"}.get(first)
    return f"{plain} {more}" if plain else "read" if first == "read" else verb.lower()


def _named(event: Event, noun: str, preposition: str) -> str:
    for item in event.resources:
        if name := item.label:
            kind = " ".join(words(item.type.rpartition("::")[2])).lower()
            return (
                name
                if not preposition or noun.lower() in (kind, f"{kind}s")
                else f"{preposition} {name}"
            )
    return ""
