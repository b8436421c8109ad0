"""The errors apitrail raises on purpose: what went wrong, and a hint for what to do next.

Error
├── UsageError           the command or its input cannot be used (exit 2)
│   └── FormatError      bytes from outside are not what they claim to be
├── VerificationError    evidence does not hold (exit 1)
└── RecordingError       the trail could not be written; the call must not go through
"""


class Error(Exception):
    """Base of all; `str()` is one line, lower case, and `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(Error):
    """A command, an option or a file that cannot be used as asked."""


class FormatError(UsageError):
    """Bytes from outside that do not parse."""


class VerificationError(Error):
    """Evidence that does not hold; the message says which and where."""


class RecordingError(Error):
    """A call could not be made durable in the trail."""


def unread(error: OSError | UnicodeDecodeError) -> str:
    """Why the text of a file could not be read."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"


def reason(error: BaseException) -> str:
    """What an error of Python or the system says, and what it is where it says nothing."""
    if isinstance(error, MemoryError):
        return "out of memory"
    return str(error) or type(error).__name__
