"""YAML configuration: a file is read, or refused in sentences."""

import re
from pathlib import Path
from random import Random

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ConfigError, ModelError
from osa_daemon.service.broker import mqtt_settings
from osa_daemon.service.rules import never_loud, precedence, scoring_settings, with_shortfall
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.load import load
from osa_daemon.settings.model import Settings
from tests.fuzz.answers import check_sentences, memory_folder, shape

EXAMPLE = Path(__file__).resolve().parents[2] / "config" / "osa-daemon.yaml"
METADATA = Metadata(
    75,
    (1, 1, 1),
    1,
    1,
    {name: {"event": event} for name, event in (("low", 0.9), ("balanced", 0.5), ("high", 0.3))},
    "0",
    {},
)


class Configuration:
    """Loads a file as the daemon does when it starts, up to what each room makes of it."""

    name = "yaml"

    def __init__(self) -> None:
        self._folder = memory_folder()
        self._path = Path(self._folder.name) / "config.yaml"
        keys = [row.key for row in catalogue()]
        words = {part for key in keys for part in key.split(".")}
        words |= {choice for row in catalogue() for choice in row.choices}
        self.words = (
            *(f"{word}: ".encode() for word in sorted(words)),
            *(word.encode() for word in sorted(words)),
            b"<<: *a\n", b"&a ", b"*a", b"!!python/object/apply:os.system [id]", b"---\n", b"...\n",
            b"%YAML 1.2\n", b"? ", b"|\n", b">-\n", b"# ", b"yes", b"null", b"22:00-07:00", b"~",
        )  # fmt: skip

    def seeds(self) -> list[bytes]:
        """Return the example, each of its sections with everything switched on, and short files."""
        example = EXAMPLE.read_text()
        lines = [line.removeprefix("# ").removeprefix("#") for line in example.split("\n")]
        settings = "\n".join(line for line in lines if re.match(r" *[a-z_]+:( |$)", line))
        sections = [part.encode() for part in re.split(r"\n(?=[a-z])", settings)]
        random, rows = Random(0), catalogue()
        short = (random.sample(rows, k=random.randrange(1, 6)) for _ in range(60))
        documents = [_document({row.key: _value(row.default) for row in each}) for each in short]
        return [*documents, *sections, settings.encode(), b"", b"mqtt:\n"]

    def answer(self, data: bytes) -> str:
        """Load it; what is accepted is valid throughout."""
        self._path.write_bytes(data)
        try:
            loaded = load(self._path, environ={})
        except ConfigError as error:
            check_sentences(str(error))
            return shape(str(error))
        settings = loaded.settings
        assert isinstance(Settings.model_validate(settings.model_dump()), Settings)
        for told in (
            *with_shortfall(loaded, METADATA).warnings,
            never_loud(settings),
            precedence(settings, loaded.base),
        ):
            if told is not None:
                check_sentences(told)
        mqtt_settings(settings.mqtt, alerts=settings.alerts)
        settings.monitoring.span()
        try:
            scoring_settings(settings, METADATA)
        except (ConfigError, ModelError) as error:
            check_sentences(str(error))
            return shape(str(error))
        return f"fine: {' '.join(sorted(loaded.base))}"[:200]

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()


def _document(values: dict[str, str]) -> bytes:
    lines: list[str] = []
    for key, value in sorted(values.items()):
        *sections, name = key.split(".")
        lines += [f"{'  ' * depth}{section}:" for depth, section in enumerate(sections)]
        lines.append(f"{'  ' * len(sections)}{name}: {value}")
    return "\n".join(lines).encode() + b"\n"


def _value(default: object) -> str:
    if default is None:
        return "null"
    return str(default).lower() if isinstance(default, bool) else str(default)
