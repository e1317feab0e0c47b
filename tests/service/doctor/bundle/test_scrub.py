"""Scrubbing: what is secret goes, what tells of the house gets a name, the rest stays."""

import pytest

from osa_daemon.service.doctor.bundle.private import private_words
from osa_daemon.service.doctor.bundle.scrub import SECRET, Scrubber


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("the broker at 192.168.178.20:1883 hung up", "the broker at <address 1> hung up"),
        ("the broker at bedroom.fritz.box:1883", "the broker at <address 1>"),
        ("no broker answers at localhost:1883", "no broker answers at localhost:1883"),
        ("127.0.0.1 and ::1 stay", "127.0.0.1 and ::1 stay"),
        ("fe80::1ff:fe23:4567:890a%eth0 at 09:14:02", "<address 1> at 09:14:02"),
        ("mac dc:a6:32:01:02:03", "mac <hardware address 1>"),
        ("anna@example.org", "<mail address 1>"),
        ("https://ntfy.sh/my-bed answers", "https://<address 1> answers"),
        ("mqtt://u:pw@host.lan/x", f"mqtt://{SECRET}@<host 1>/x"),
        ("token tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2", f"token {SECRET}"),
        ("/home/anna/osa/journal.sqlite3", "/home/<user 1>/osa/journal.sqlite3"),
        ("usb:0d8c:0014:A1B2C3 (Yeti)", "usb:0d8c:0014:<serial 1> (Yeti)"),
        ("nas.local and nas.local and tv.local", "<host 1> and <host 1> and <host 2>"),
        ("a-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----b", f"a{SECRET}b"),
        ("onnxruntime 1.28.0, kernel 6.12.34+rpt", "onnxruntime 1.28.0, kernel 6.12.34+rpt"),
    ],
)
def test_addresses_and_names_are_known_by_their_form(text: str, clean: str) -> None:
    """Whatever the settings are: old ones stand in the log, too."""
    assert Scrubber().text(text) == clean


def test_the_same_thing_keeps_its_placeholder() -> None:
    """From one text to the next, so that a reader sees what belongs together."""
    scrubber = Scrubber()
    assert scrubber.text("10.0.0.5") == "<address 1>"
    assert scrubber.text("10.0.0.6 10.0.0.5") == "<address 2> <address 1>"


def test_a_placeholder_is_not_scrubbed_again() -> None:
    """A user who is named as a setting does not spoil what else is shown."""
    scrubber = Scrubber(["secret"], {"host": "mqtt.username", "nas": "mqtt.host"})
    assert scrubber.text("host on nas: secret") == f"<mqtt.username> on <mqtt.host>: {SECRET}"
    assert not scrubber.leaks(SECRET.encode())


def test_short_names_are_replaced_where_they_stand_alone() -> None:
    """Else a user `a` would take every word apart."""
    assert Scrubber((), {"ann": "x"}).text("ann, channel, ANN") == "<x>, channel, <x>"


def test_a_leak_is_noticed() -> None:
    """The last look before the file is written, in any way of writing."""
    scrubber = Scrubber(["Pa$$wörd"])
    assert scrubber.leaks(b'{"x": "Pa$$w\\u00f6rd"}')
    assert not scrubber.leaks(b"nothing here")
    assert (
        scrubber.text('{"x": "Pa$$w\\u00f6rd", Pa%24%24w%C3%B6rd}')
        == f'{{"x": "{SECRET}", {SECRET}}}'
    )


def test_a_settings_file_that_cannot_be_read_gives_its_words() -> None:
    """All but what is known of settings, and but comments."""
    text = (
        'mqtt:\n  hots: "nas of anna"  # x\n  port: 1883\n# the microphone, say\nbroken: [s3cret\n'
    )
    found = private_words(text)
    assert {"nas of anna", "s3cret", "hots", "anna"} <= set(found) | {"nas of anna"}
    assert not {"mqtt", "1883", "port", "microphone", "the"} & set(found)
