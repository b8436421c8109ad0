"""Takes a call and its exchange and gives them back without their secrets."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress

from apitrail.aws.call import Blob, Call, Redacted
from apitrail.codec import Json
from apitrail.exchange import Exchange
from apitrail.redact.case import Asked, Case
from apitrail.redact.finding import is_secret_setting
from apitrail.redact.text import scrub


class Redactor:
    """Replaces secrets by `redacted:hmac-sha256:KEYID:DIGEST:LENGTH`.

    DIGEST is the unpadded base64url HMAC-SHA256 of the secret's bytes, LENGTH their number,
    KEYID eight hex digits that tell keys apart. `keep_undecoded` keeps bodies that could not
    be decoded, in which nobody can say what is secret.
    """

    def __init__(self, key: bytes, *, keep_undecoded: bool = False) -> None:
        self._mac = hmac.new(key, digestmod=hashlib.sha256)
        self.key_id = self.digest(b"apitrail redaction key id")[:4].hex()
        self._keep_undecoded = keep_undecoded

    def value(self, value: bytes | str) -> Redacted:
        """What stands for a secret; the same for equal secrets."""
        data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        return self._redacted(self.digest(data), len(data))

    def blob(self, blob: Blob) -> Redacted:
        """What stands for a streamed secret, of which only the plain SHA-256 is at hand."""
        return self._redacted(self.digest(blob.sha256), blob.length)

    def variants(self, value: bytes | str) -> frozenset[Redacted]:
        """What may stand for a value: as it is, trimmed, base64 either way, or streamed."""
        data = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
        forms = {data, data.strip(), base64.b64encode(data), base64.urlsafe_b64encode(data)}
        with suppress(binascii.Error):
            forms.add(base64.b64decode(data, validate=True))
        streamed = Blob(length=len(data), sha256=hashlib.sha256(data).digest())
        return frozenset({self.blob(streamed)} | {self.value(form) for form in forms if form})

    def call(self, call: Call) -> Call:
        """The call without secrets, as far as it tells them itself."""
        return Case(self, call).call()

    def exchange(self, exchange: Exchange, call: Call) -> Exchange:
        """The exchange without secrets; `call` is what it was decoded to, not yet redacted."""
        return self.both(exchange, call)[0]

    def both(self, exchange: Exchange, call: Call) -> tuple[Exchange, Call]:
        """Exchange and call without secrets, each also without those that the other tells."""
        redacted, safe, _ = self.halves(exchange, call)
        return redacted, safe

    def halves(
        self, exchange: Exchange, call: Call, asked: Asked | None = None
    ) -> tuple[Exchange, Call, Asked]:
        """The same as `both`, and the request's half, for when its answer is there.

        `asked` is what this gave for the request alone. Its redacted request and parameters are
        used again, unless the answer tells a secret that may stand in them.
        """
        case = Case(self, call, asked)
        redacted = case.exchange(exchange, keep_undecoded=self._keep_undecoded)
        safe = case.call()
        return redacted, safe, case.asked(exchange, redacted, safe)

    def text(self, text: str) -> str:
        """A text that is no part of an exchange, such as a command, without secrets."""
        return scrub(text, self.value)

    def texts(self, value: Json) -> Json:
        """The same for each text in a value, names of members left as they are."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return {name: self.texts(item) for name, item in value.items()}
            case list() | tuple():
                return [self.texts(item) for item in value]
            case _:
                return value

    def labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Labels without secrets: `password=x` is one, `build=1234` stays."""
        return {
            self.text(key): self.value(value) if is_secret_setting(key, value) else self.text(value)
            for key, value in labels.items()
        }

    def digest(self, data: bytes) -> bytes:
        """HMAC-SHA256 under the redaction key, 32 bytes."""
        mac = self._mac.copy()
        mac.update(data)
        return mac.digest()

    def _redacted(self, digest: bytes, length: int) -> Redacted:
        text = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return Redacted(f"redacted:hmac-sha256:{self.key_id}:{text}:{length}")
