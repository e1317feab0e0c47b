"""YAML text as a small tree that remembers where everything stands.

Only what a settings file needs is let in: one document of nested mappings with plain text.
Anchors, aliases, tags and depth beyond `MAX_DEPTH` are refused, so nothing can grow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from osa_daemon.errors import ConfigError
from osa_daemon.settings.origin import Layer, Origin, Problem

MAX_DEPTH = 8
MAX_NODES = 5000


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar as it was written; `quoted` tells "22" from 22."""

    text: str
    quoted: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list; no setting is one, so its items are not kept."""

    origin: Origin


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping, its keys in the order of the file; a key may stand twice."""

    entries: tuple[tuple[Leaf, "Node"], ...]
    origin: Origin


Node = Leaf | Sequence | Branch

_STRAY = (
    "this line does not go on from those above: check that keys of one section are indented "
    "alike, that each has a colon, and that no text follows a closing quote"
)
_SYNTAX = {
    "mapping values are not allowed": (
        "a colon stands where no key can be: check the indentation of this line and the one "
        "above, and put quotes around a value that contains a colon and a space"
    ),
    "could not find expected ':'": "the line above is not written as key: value",
    "quoted scalar: found unexpected end": "a quotation mark is opened and never closed",
    "expected '<document start>'": _STRAY,
    "<block": _STRAY,
}


def parse(text: str, name: str) -> Node | None:
    """Return the tree of `text`, None if it is empty; raise ConfigError naming `name` and line."""
    return _Builder(text, name).document()


class _Builder:
    """Turns PyYAML's events into nodes; holds the place that errors speak of."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._name = name
        self._events = self._checked()
        self._nodes = 0

    def document(self) -> Node | None:
        """Return the one document, or None if there is none."""
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise self._bad(event.start_mark, "--- starts a second document: keep one")
                root = self._node(next(self._events), 1)
        empty = isinstance(root, Leaf) and not root.quoted and root.text in {"", "~", "null"}
        return None if empty else root

    def _checked(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self._text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            raise self._bad(mark, self._syntax(error, mark)) from None
        except yaml.reader.ReaderError as error:
            line = self._text.count("\n", 0, error.position) + 1
            raise ConfigError(
                f"{self._name}, line {line}: the character U+{error.character:04X} is not "
                "allowed in YAML: remove it."
            ) from None

    def _node(self, event: Any, depth: int) -> Node:
        self._nodes += 1
        self._refuse_extras(event, depth)
        origin = self._origin(event.start_mark)
        if isinstance(event, yaml.ScalarEvent):
            return Leaf(event.value, event.style is not None, origin)
        if isinstance(event, yaml.SequenceStartEvent):
            while not isinstance(item := next(self._events), yaml.SequenceEndEvent):
                self._node(item, depth + 1)
            return Sequence(origin)
        entries = []
        while not isinstance(item := next(self._events), yaml.MappingEndEvent):
            key = self._node(item, depth + 1)
            value = self._node(next(self._events), depth + 1)
            if not isinstance(key, Leaf):
                raise self._bad(item.start_mark, "a key must be a word: write key: value")
            entries.append((key, value))
        return Branch(tuple(entries), origin)

    def _refuse_extras(self, event: Any, depth: int) -> None:
        mark = event.start_mark
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise self._bad(mark, "anchors (&) and aliases (*) are not used here: write the value")
        if event.tag is not None:
            raise self._bad(
                mark, "tags such as !!str are not used here: remove it, or put the text in quotes"
            )
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise self._bad(
                mark,
                f"a settings file has at most {MAX_DEPTH} levels and {MAX_NODES} values: "
                "this is another kind of file",
            )

    def _syntax(self, error: yaml.MarkedYAMLError, mark: Any) -> str:
        problem = (error.problem or "unknown").replace("\n", " ")
        lines = self._text.splitlines()
        line = lines[mark.line] if mark and mark.line < len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())] or "'\\t'" in problem:
            return "a tab stands where YAML allows only spaces: replace it by spaces"
        if "cannot start any token" in problem:
            return f"a value cannot start with {line[mark.column :][:1]}: put it in quotes"
        seen = f"{error.context}: {problem}"
        known = (sentence for part, sentence in _SYNTAX.items() if part in seen)
        return next(known, f"this is not valid YAML ({problem}): check indentation and quotes")

    def _origin(self, mark: Any) -> Origin:
        return Origin(Layer.FILE, self._name, mark.line + 1, mark.column + 1)

    def _bad(self, mark: Any, sentence: str) -> ConfigError:
        origin = self._origin(mark) if mark else Origin(Layer.FILE, self._name)
        return ConfigError(str(Problem(origin, "", sentence)))
