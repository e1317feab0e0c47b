"""Where a value comes from."""

from dataclasses import dataclass
from enum import Enum


class Layer(Enum):
    """The layers of settings; each passes over those before it."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class Origin:
    """A layer and the place in it: `name` is a path or a variable, `line` and `column` from 1."""

    layer: Layer
    name: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """The place as it stands in front of a message."""
        where = self.name or self.layer.value
        return f"{where}, line {self.line}, column {self.column}" if self.line else where


@dataclass(frozen=True, slots=True)
class Problem:
    """One sentence on one place; `key` is the setting or empty.

    `conflict`: the value is allowed by itself and does not fit another one.
    """

    origin: Origin
    key: str
    sentence: str
    conflict: bool = False

    def __str__(self) -> str:
        """The place and the sentence, as one line."""
        return f"{self.origin}: {self.sentence}" + ("" if self.sentence.endswith("?") else ".")


@dataclass(frozen=True, slots=True)
class Given:
    """A value that a layer gives for a key."""

    value: bool | float | str | None
    origin: Origin


DEFAULT = Origin(Layer.DEFAULT)
