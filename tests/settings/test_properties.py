"""Whatever is in a file: it loads to what was written, or ends in a sentence."""

import contextlib
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from osa_daemon.errors import ConfigError
from osa_daemon.settings.build import build
from osa_daemon.settings.catalogue import Setting, catalogue
from osa_daemon.settings.model import Settings
from osa_daemon.settings.yaml_file import parse_yaml

LABELS = st.text(
    st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20
) | st.sampled_from(["off", "no", "22:00", "0815", "1e3", "~x", "null", "- a", "a: b", "#x", "<<"])
PATHS = st.text("abcdefgh/._- ", max_size=30).map("/{}".format)
TEXTS = {
    "microphone.device": st.sampled_from(["default", "usb:1-1.2", "name:USB Audio", "Ä: b"]),
    "mqtt.host": st.sampled_from(["localhost", "192.168.1.5", "fe80::1", "a-b.example"]),
    "mqtt.base_topic": st.sampled_from(["osa", "a/b", "ü/x"]),
    "mqtt.discovery_prefix": st.sampled_from(["homeassistant", "ha/x"]),
    "mqtt.device_id": st.from_regex(r"[a-z0-9][a-z0-9_]{0,20}", fullmatch=True),
    "mqtt.device_name": LABELS,
    "mqtt.area": LABELS,
    "mqtt.username": LABELS,
    "ntfy.url": st.sampled_from(["https://ntfy.example.org/bed", "http://[fe80::1]:80/a/b-C_1/"]),
    "ntfy.token_file": PATHS,
    "ntfy.message": LABELS,
    **dict.fromkeys(
        ("monitoring.hours", "alerts.active_hours", "alerts.quiet_hours"),
        st.sampled_from(["22:00-09:00", "1:00 - 2:00"]),
    ),
    "journal.state_dir": PATHS,
    "clips.key_file": PATHS,
    "web.address": st.sampled_from(["127.0.0.1", "0.0.0.0", "::"]),
    "web.url": st.sampled_from(["https://bed.example.org/", "http://[fe80::1]:80/a/"]),
    "web.trusted_proxies": st.sampled_from(["127.0.0.1", "192.168.1.5, fd00::1"]),
    **{f"web.{key}": PATHS for key in ("password_file", "tls.cert_file", "tls.key_file")},
    **{f"mqtt.{key}": PATHS for key in ("password_file", "tls.ca_file", "tls.cert_file")},
    "mqtt.tls.key_file": PATHS,
}


def values_of(row: Setting) -> st.SearchStrategy[Any]:
    """Values that `row` allows by itself."""
    match row.kind:
        case "bool":
            values: st.SearchStrategy[Any] = st.booleans()
        case "choice":
            values = st.sampled_from(row.choices)
        case "int":
            values = st.integers(int(row.minimum or 0), int(row.maximum or 0))
        case "float":
            values = st.floats(row.minimum, row.maximum)
        case _:
            values = TEXTS[row.key]
    return values | st.none() if row.optional else values


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Nested settings that are valid together."""
    chosen = draw(st.lists(st.sampled_from(catalogue()), unique=True))
    nested: dict[str, Any] = {}
    for row in chosen:
        *sections, name = row.key.split(".")
        place = nested
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = draw(values_of(row))
    return nested


@given(documents(), st.booleans())
@settings(deadline=None)
def test_what_is_dumped_loads_to_the_same(document: dict[str, Any], flow: bool) -> None:
    """Values written by a YAML 1.1 library come back as they were, or are refused as they were."""
    try:
        expected = Settings.model_validate(document)
    except ValidationError:
        expected = None  # values that do not fit each other
    text = yaml.safe_dump(document, allow_unicode=True, default_flow_style=flow)
    file = parse_yaml(text, "x")
    assert file.problems == []
    built = build(file.given)
    if expected is None:
        assert isinstance(built, list)
        assert all(problem.conflict for problem in built)
    else:
        assert built == expected


FRAGMENTS = st.sampled_from(
    [
        *(row.key.rpartition(".")[2] for row in catalogue()),
        *("alerts", "mqtt", "tls", "detection", ":", ": ", "\n", "\n  ", "\t", "-", "- ", "[", "]"),
        *("{", "}", ",", "#", "&a", "*a", "!!int", "'", '"', "|", ">", "?", "---\n", "...\n", "%"),
        *("0x1", "1e9", "22:00", "~", "<<", "\\", "\0", "\ufeff", "\u2028", "\x85", "\ud7ff", "10"),
    ]
)


def check(text: str) -> None:
    """Load a text; only a ConfigError may come of it."""
    with contextlib.suppress(ConfigError):
        file = parse_yaml(text, "x")
        built = build(file.given)
        for problem in [*file.problems, *(built if isinstance(built, list) else [])]:
            assert "\n" not in str(problem)


@given(st.lists(FRAGMENTS, max_size=60).map("".join))
@example("? \n")
@example("'\\ud800': x")
@example('"\\ud800": "\\udfff"')
@example('mqtt: {area: "\\ud800"}')
@settings(max_examples=400, deadline=None)
def test_pieces_of_yaml_never_crash_the_loader(text: str) -> None:
    """Any mixture of YAML's signs and our keys ends in settings or in sentences."""
    check(text)


@given(st.text(max_size=300))
@settings(deadline=None)
def test_text_never_crashes_the_loader(text: str) -> None:
    """Nor does any other text."""
    check(text)
