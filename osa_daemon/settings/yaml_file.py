"""The user's YAML file: which keys it gives, with which values, and what is wrong with it."""

from dataclasses import dataclass, field
from pathlib import Path

from osa_daemon.errors import ConfigError
from osa_daemon.settings import scalar
from osa_daemon.settings.catalogue import Setting, catalogue, section_keys
from osa_daemon.settings.nearest import unknown_key
from osa_daemon.settings.origin import Given, Problem
from osa_daemon.settings.words import shorten, wrong_value
from osa_daemon.settings.yaml_tree import Branch, Leaf, Node, parse

MAX_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class YamlFile:
    """What a file gives, by dotted key, and what is wrong with it, in the order of the file."""

    given: dict[str, Given] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read_yaml(path: Path) -> YamlFile:
    """Read a settings file; raise ConfigError if it cannot be read as YAML at all."""
    return parse_yaml(_text(path), str(path))


def parse_yaml(text: str, name: str) -> YamlFile:
    """Read settings from `text`; `name` stands in front of messages."""
    root = parse(text, name)
    file = YamlFile()
    if isinstance(root, Branch):
        settings = {setting.key: setting for setting in catalogue()}
        _Reader(settings, section_keys(), file).section(root, "")
    elif root is not None:
        raise ConfigError(
            f"{root.origin}: settings stand in sections, such as mqtt: with host: below it."
        )
    return file


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist: name an existing settings file.") from None
    except PermissionError:
        raise ConfigError(
            f"{path} cannot be read by this user: for the service, chgrp osa-daemon {path} and "
            f"chmod 640 {path} as root."
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_BYTES // 1024} KiB: it is no settings file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path}, line {line}: the text is not UTF-8 (byte 0x{data[error.start]:02x}): "
            "save the file as UTF-8."
        ) from None


@dataclass(frozen=True, slots=True)
class _Reader:
    settings: dict[str, Setting]
    sections: frozenset[str]
    file: YamlFile

    def section(self, branch: Branch, prefix: str) -> None:
        seen: dict[str, Leaf] = {}
        for leaf, node in branch.entries:
            key = prefix + leaf.text
            if (first := seen.setdefault(leaf.text, leaf)) is not leaf:
                lines = f"in line {first.origin.line} and in line {leaf.origin.line}"
                self._problem(leaf, key, f"{shorten(key)} stands twice, {lines}: keep one")
            else:
                self._entry(leaf, key, node)

    def _entry(self, leaf: Leaf, key: str, node: Node) -> None:
        if "." in leaf.text:
            self._problem(leaf, key, unknown_key(key))
        elif key in self.sections:
            self._section(leaf, key, node)
        elif key in self.settings:
            self._value(leaf, self.settings[key], node)
        else:
            self._problem(leaf, key, unknown_key(key))

    def _section(self, leaf: Leaf, key: str, node: Node) -> None:
        if isinstance(node, Branch):
            self.section(node, f"{key}.")
        elif not isinstance(node, Leaf):
            self._problem(leaf, key, f"{key} is a list, but must be a section: key: value below it")
        elif node.quoted or node.text not in {"", "null", "~"}:
            # what stands there is not repeated: it may be an address with a password, or a topic
            wrong = f"{key} is one value, but must be a section: key: value below it"
            self._problem(node, key, wrong)

    def _value(self, leaf: Leaf, setting: Setting, node: Node) -> None:
        if not isinstance(node, Leaf):
            shown = "a list" if not isinstance(node, Branch) else "a section"
            self._problem(leaf, setting.key, wrong_value(setting, shown))
            return
        try:
            value = scalar.read(node.text, setting, quoted=node.quoted)
        except scalar.NotWanted as remark:
            shown = f'"{node.text}"' if node.quoted else node.text or "empty"
            self._problem(node, setting.key, wrong_value(setting, shown, str(remark)))
            return
        self.file.given[setting.key] = Given(value, node.origin)

    def _problem(self, leaf: Leaf, key: str, sentence: str) -> None:
        self.file.problems.append(Problem(leaf.origin, key, sentence))
