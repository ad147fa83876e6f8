"""What can go wrong, one class for each thing a *user* does differently about it.

::

    AstunerError
    ├── BadValue        a value is of the wrong type or out of its range      → change the value
    ├── BadConfig       a configuration file cannot be used                   → mend the file
    ├── StoreError      a run directory cannot be made, read or written       → look at disk and rights
    ├── JobError        a job cannot be started or reached                    → look at the backbone's problems
    └── NotPicklable    a function cannot be sent to its own process          → move what it drags along

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
