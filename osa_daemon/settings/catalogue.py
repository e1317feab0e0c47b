"""The model as a list: one row a key, for tables, schemas, messages and provenance."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from osa_daemon.settings.about import About
from osa_daemon.settings.model import Settings

Kind = Literal["bool", "int", "float", "text", "choice"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: `key` is dotted (`alerts.after_s`), `default` as in YAML (paths as text).

    `minimum` and `maximum` are of numbers, `choices` of a choice; `optional`: null is allowed.
    """

    key: str
    kind: Kind
    default: bool | float | str | None
    optional: bool
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    about: About

    @property
    def allowed(self) -> str:
        """What a value may be, completing the words "must be"."""
        if self.about.allowed:
            return self.about.allowed
        if self.kind == "bool":
            return "true or false"
        if self.kind == "choice":
            return "one of " + ", ".join(self.choices)
        if self.kind == "text":
            return "text"
        number = "a whole number" if self.kind == "int" else "a number"
        unit = f" ({self.about.unit})" if self.about.unit else ""
        null = ", or null" if self.optional else ""
        return f"{number} from {self.minimum} to {self.maximum}{unit}{null}"


@cache  # the model does not change, and each command of the broker looks several times
def catalogue() -> tuple[Setting, ...]:
    """Return every setting in the order of the model."""
    return tuple(_rows(Settings, ""))


def find_setting(key: str) -> Setting:
    """Return the setting with this dotted key.

    Raises:
        KeyError: there is none.
    """
    return {row.key: row for row in catalogue()}[key]


@cache
def section_keys() -> frozenset[str]:
    """Return the dotted names of all sections, `mqtt.tls` among them."""
    keys = [row.key.split(".") for row in catalogue()]
    return frozenset(".".join(key[:n]) for key in keys for n in range(1, len(key)))


def section_text(section: str) -> str:
    """Return the sentence that describes a section such as `mqtt.tls`."""
    model: type[BaseModel] = Settings
    for name in section.split("."):
        model = _section_of(model.model_fields[name]) or model
    return (model.__doc__ or "").strip()


def _rows(model: type[BaseModel], prefix: str) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        inner = _section_of(field)
        if inner is None:
            yield _row(prefix + name, field)
        else:
            yield from _rows(inner, f"{prefix}{name}.")


def _section_of(field: FieldInfo) -> type[BaseModel] | None:
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def _row(key: str, field: FieldInfo) -> Setting:
    inner, optional = _without_none(field.annotation)
    about = next(item for item in field.metadata if isinstance(item, About))
    choices = get_args(inner) if get_origin(inner) is Literal else ()
    default = str(field.default) if isinstance(field.default, Path) else field.default
    return Setting(
        key=key,
        kind="choice" if choices else _kind(inner),
        default=default,
        optional=optional,
        minimum=_bound(field, Ge, "ge"),
        maximum=_bound(field, Le, "le"),
        choices=choices,
        about=about,
    )


def _bound(field: FieldInfo, kind: type[Ge] | type[Le], side: str) -> Any:
    return next((getattr(item, side) for item in field.metadata if isinstance(item, kind)), None)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in {Union, UnionType}:
        (kept,) = (part for part in get_args(annotation) if part is not NoneType)
        return _plain(kept), True
    return _plain(annotation), False


def _plain(annotation: Any) -> Any:
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _kind(plain: Any) -> Kind:
    kinds: dict[Any, Kind] = {bool: "bool", int: "int", float: "float", str: "text", Path: "text"}
    return kinds[plain]
