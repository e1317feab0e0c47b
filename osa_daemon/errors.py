"""Errors that a user can act on, each one sentence and an exit code.

OsaError                      1  unexpected
├── UsageError                2  wrong usage
│   └── ConfigError           2  wrong configuration
├── InputError                3  input that cannot be read
└── ResourceError             4  a needed resource is missing
    ├── DeviceError           4  microphone
    ├── ModelError            4  model file
    ├── BrokerError           4  MQTT broker, where one was asked for
    └── StorageError          4  state directory or output file
        └── DamagedError      4  the journal's file is no journal any more

Anything else that reaches `cli.main` is a bug: exit code 1. The stall guard
(`service/guard.py`) ends the process with `EXIT_STALLED`, too.
"""

EXIT_OK = 0
EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_RESOURCE = 4
EXIT_STALLED = 5


class OsaError(Exception):
    """A failure with a sentence for the user: what, which value, what is allowed, what to do."""

    exit_code = EXIT_BUG


class UsageError(OsaError):
    """The command line asks for something that does not exist."""

    exit_code = EXIT_USAGE


class ConfigError(UsageError):
    """A settings file or override is not valid."""


class InputError(OsaError):
    """A file given as input cannot be read as what it should be."""

    exit_code = EXIT_INPUT


class ResourceError(OsaError):
    """Something that the command needs is not there."""

    exit_code = EXIT_RESOURCE


class DeviceError(ResourceError):
    """The microphone is missing, busy or unusable."""


class ModelError(ResourceError):
    """A model file is missing, damaged or of another version."""


class BrokerError(ResourceError):
    """The MQTT broker refused or did not answer where the command needs it."""


class StorageError(ResourceError):
    """A folder or file cannot be written or read."""


class DamagedError(StorageError):
    """The journal's file is damaged, or was deleted or replaced: it must be begun anew."""
