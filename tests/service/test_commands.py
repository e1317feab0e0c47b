"""Commands from the broker are untrusted: bounded, and refused with a sentence."""

import pytest

from osa_daemon.publish.topics import COMMANDS
from osa_daemon.service.commands import ACKNOWLEDGE, MOST_WAITING, Commands, refusal


def test_commands_come_in_order():
    """What was put first is taken first; then there is none."""
    commands = Commands()
    commands.put("acknowledge", b"PRESS")
    commands.put("alerts", b"\xff")
    assert [commands.take() for _ in range(3)] == ["acknowledge", "alerts", None]


def test_a_flood_of_commands_is_dropped():
    """The queue is bounded, and putting never raises."""
    commands = Commands()
    for _ in range(3 * MOST_WAITING):
        commands.put("x", b"")
    assert sum(commands.take() is not None for _ in range(3 * MOST_WAITING)) == MOST_WAITING


@pytest.mark.parametrize("key", [key for key in COMMANDS if key != ACKNOWLEDGE])
def test_a_setting_is_refused_in_a_sentence(key: str):
    """Every known command but acknowledge says that it cannot be changed."""
    assert refusal(key).startswith(f"{key} cannot be changed over MQTT in this version: ")
    assert refusal(key).endswith(".")


def test_an_unknown_command_is_quoted_safely():
    """A key of any length and content gives a short printable sentence."""
    text = refusal("\x00\n" + "x" * 10_000)
    assert text.isprintable()
    assert len(text) < 150
