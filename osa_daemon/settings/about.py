"""What stands beside each key of the model: its sentence, its unit, whether it can change live."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """The words on one setting, as metadata of its field.

    `text` is one sentence for the user. `unit` is a unit of the key's name, or empty. `live`: the
    value can change without a restart, by a reload or an override. `allowed` completes "must be …"
    where type and range do not say enough. `secret`: the value is neither shown nor logged.
    """

    text: str
    unit: str = ""
    live: bool = False
    allowed: str = ""
    secret: bool = False
