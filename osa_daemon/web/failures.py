"""What a request can come to beside an answer, and the status that tells of it.

OsaError
├── InputError           422  what was asked for is no such thing
│   └── AbsentError      404  it could be, and is not there
├── UsageError           409  settings that are not valid
├── RefusedError         409  the daemon refused, with its sentence
└── others               503  it cannot be had now
"""

from http import HTTPStatus

from osa_daemon.errors import InputError, OsaError, UsageError


class AbsentError(InputError):
    """What was asked for is not there."""


class RefusedError(OsaError):
    """The daemon refused what was asked for, with its sentence."""


def status_of(error: OsaError) -> HTTPStatus:
    """Return the status of an answer that tells of this failure."""
    if isinstance(error, AbsentError):
        return HTTPStatus.NOT_FOUND
    if isinstance(error, InputError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, RefusedError | UsageError):
        return HTTPStatus.CONFLICT
    return HTTPStatus.SERVICE_UNAVAILABLE
