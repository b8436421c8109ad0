"""An error as CloudTrail's API tells it: the exception's name and a message."""

from __future__ import annotations


class Fault(Exception):  # noqa: N818 -- as AWS calls it
    """A refused request; `code` is an exception of CloudTrail's service model, or a common one."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def to_json(self) -> dict[str, str]:
        """The body, in AWS JSON 1.1."""
        return {"__type": self.code, "message": str(self)}
