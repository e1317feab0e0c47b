"""The address of an ntfy topic: what is taken, and what is said of what is not."""

from collections.abc import Callable

import pytest

from osa_daemon.errors import ConfigError
from osa_daemon.settings.load import Loaded
from osa_daemon.settings.topic_address import TopicAddress

LoadText = Callable[..., Loaded]


@pytest.mark.parametrize(
    ("text", "expected", "server"),
    [
        (
            "https://ntfy.example.org/my-bedroom",
            TopicAddress("https", "ntfy.example.org", 443, "/", "my-bedroom"),
            "https://ntfy.example.org",
        ),
        (
            "http://192.168.1.5:8080/ntfy/Bed_1/",
            TopicAddress("http", "192.168.1.5", 8080, "/ntfy/", "Bed_1"),
            "http://192.168.1.5:8080",
        ),
        (
            "HTTPS://[fe80::1]:443/a/b/c",
            TopicAddress("https", "fe80::1", 443, "/a/b/", "c"),
            "https://[fe80::1]",
        ),
    ],
)
def test_an_address_is_taken_apart(text: str, expected: TopicAddress, server: str) -> None:
    """Server, folder and topic; the server is named without the other two."""
    address = TopicAddress.parse(text)
    assert address == expected
    assert address.server == server


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://s3cret.example", "the topic is missing"),
        ("https://s3cret.example/", "the topic is missing"),
        ("s3cret.example/bed", "write https:// in front"),
        ("ftp://s3cret.example/bed", "write https:// in front"),
        ("https://me:s3cret@n.example/bed", "leave out the user and the password"),
        ("https://n.example/bed?auth=s3cret", "leave out ? or # and what follows"),
        ("https://n.example/bed#s3cret", "leave out ? or # and what follows"),
        ("https://n.example:0/s3cret", "the port must be"),
        ("https://n.example:x/s3cret", "the port must be"),
        ("https:///s3cret", "the host is not one"),
        ("https://[s3cret/bed", "the host is not one"),
        ("https://-n.example/s3cret", "the host is not one"),
        ("https://n.example/../s3cret", "is no topic"),
        ("https://n.example/s3cret.b", "is no topic"),
        ("https://n.example/s3cret bed", "it holds a space"),
        ("https://n.example/s3crét", "a letter beyond a to z"),
        ("", "it holds a space"),
    ],
)
def test_what_is_wrong_is_said_without_repeating_the_secret(
    load_text: LoadText, url: str, says: str
) -> None:
    """The sentence goes into the log: it has the place, what is allowed, and the remark."""
    with pytest.raises(ConfigError) as caught:
        load_text(f'ntfy:\n  url: "{url}"\n')
    sentence = str(caught.value)
    assert "line 2" in sentence
    assert "ntfy.url must be an http or https address such as https://ntfy.example.org/" in sentence
    assert says in sentence
    assert "s3cr" not in sentence


def test_a_list_in_its_place_is_said_too(load_text: LoadText) -> None:
    """The reader's own sentence repeats nothing either."""
    with pytest.raises(ConfigError, match=r"ntfy\.url must be an http or https address"):
        load_text("ntfy:\n  url: [https://n.example/s3cret]\n")


def test_off_by_default_and_with_a_token_alone(load_text: LoadText) -> None:
    """A token without a topic sends nothing; its file may be named by a variable."""
    settings = load_text("", {"OSA_NTFY_TOKEN_FILE": "/run/credentials/t"}).settings
    assert settings.ntfy.address() is None
    assert str(settings.ntfy.token_file) == "/run/credentials/t"
