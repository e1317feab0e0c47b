"""Commands from the broker are untrusted: bounded, and refused with a sentence."""

from osa_daemon.publish.topics import COMMANDS
from osa_daemon.service.bedside import ACKNOWLEDGE, DELETE_CLIPS, TEST_ALERT
from osa_daemon.service.commands import MOST_WAITING, Commands, unknown
from osa_daemon.service.live import BED_PRESENCE, SETTING_OF
from osa_daemon.settings.catalogue import catalogue


def test_commands_come_in_order():
    """What was put first is taken first; then there is none."""
    commands = Commands()
    commands.put("acknowledge", b"PRESS")
    commands.put("alerts", b"\xff")
    taken = [commands.take() for _ in range(3)]
    assert [command and (command.key, command.payload) for command in taken] == [
        ("acknowledge", b"PRESS"),
        ("alerts", b"\xff"),
        None,
    ]


def test_a_flood_of_commands_is_dropped():
    """The queue is bounded, and putting never raises."""
    commands = Commands()
    for _ in range(3 * MOST_WAITING):
        commands.put("x", b"1")
    assert sum(commands.take() is not None for _ in range(3 * MOST_WAITING)) == MOST_WAITING


def test_an_empty_payload_is_no_command():
    """So a retained message is cleared."""
    commands = Commands()
    commands.put("acknowledge", b"")
    assert commands.take() is None


def test_every_command_of_the_contract_is_carried_out():
    """Settings that can change live, bed presence, and the three buttons."""
    buttons = {ACKNOWLEDGE, DELETE_CLIPS, TEST_ALERT}
    assert set(COMMANDS) == {*SETTING_OF, BED_PRESENCE, *buttons}
    live = {row.key for row in catalogue() if row.about.live}
    assert set(SETTING_OF.values()) <= live


def test_an_unknown_command_is_quoted_safely():
    """A key of any length and content gives a short printable sentence."""
    text = unknown("\x00\n" + "x" * 10_000)
    assert text.isprintable()
    assert len(text) < 250
