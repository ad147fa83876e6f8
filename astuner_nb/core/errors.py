"""What can go wrong, one class for each thing a *user* does differently about it.

::

    AstunerError
    ├── BadValue        a value is of the wrong type or out of its range      → change the value
    ├── BadConfig       a configuration file cannot be used                   → mend the file
    ├── StoreError      a run directory cannot be made, read or written       → look at disk and rights
    ├── JobError        a job cannot be started or reached                    → look at the backbone's problems
    ├── NotPicklable    a function cannot be sent to its own process          → move what it drags along
    ├── NotInstalled    a package that is only needed now and then is missing → install it
    └── TrackerError    runs kept elsewhere cannot be read
        ├── Unreachable     nobody answers, or not in time                → look at network and host
        ├── AccessDenied    no key, a wrong one, or one that may not see this → look at the key
        ├── NotFound        there is no such project, run, folder or file → look at the name
        ├── RateLimited     the server wants fewer requests               → wait
        ├── ServerFailed    the server failed, or its answer makes no sense → try later
        ├── BadFile         a file is damaged, cut or of another kind     → give another
        └── Cancelled       somebody no longer wanted the answer

Every message has three clauses: what happened, with which value, what to do next.
"""


class AstunerError(Exception):
    """Base of all errors that this package raises on purpose."""


class BadValue(AstunerError, ValueError):
    """A value is of the wrong type or out of its range."""


class BadConfig(AstunerError, ValueError):
    """A configuration file cannot be used."""


class StoreError(AstunerError, OSError):
    """A run directory cannot be made, read or written."""


class JobError(AstunerError, RuntimeError):
    """A job cannot be started or reached."""


class NotPicklable(AstunerError, TypeError):
    """A function cannot be sent to a process of its own."""


class NotInstalled(AstunerError, ImportError):
    """A package that is only needed now and then is not there."""


class TrackerError(AstunerError):
    """Runs that are kept elsewhere cannot be read."""


class Unreachable(TrackerError, OSError):
    """Nobody answers, or not in time."""


class AccessDenied(TrackerError, PermissionError):
    """There is no key, it is wrong, or it may not see this."""


class NotFound(TrackerError, LookupError):
    """There is no such project, run, folder or file."""


class RateLimited(TrackerError):
    """The server wants fewer requests."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
        """Seconds that the server asked to wait, where it said so."""


class ServerFailed(TrackerError):
    """The server failed, or its answer makes no sense."""


class BadFile(TrackerError, ValueError):
    """A file is damaged, cut off or of another kind."""


class Cancelled(TrackerError):
    """Somebody no longer wanted the answer."""
