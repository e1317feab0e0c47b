"""Who is let in: a real page, asked by browsers, other sites' pages and strangers."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import websockets.sync.client

from osa_daemon.web.sessions import LONGEST_S
from tests.mosquitto import wait_for
from tests.web.page import PASSWORD, ServedPage

CLOSED = ("/api/live", "/api/nights", "/api/settings", "/api/health", "/phone/x.js", "/other")


def test_without_signing_in_only_the_login_is_seen(guarded_page: ServedPage):
    """The shell leads to the login, data is refused with a sentence, code and login are there."""
    browser = guarded_page.browser()
    shell = browser.ask("/")
    assert (shell.status, shell.headers["location"]) == (303, "./login")
    assert browser.ask("/phone/").headers["location"] == "../login?from=phone"
    assert browser.ask("/try/").headers["location"] == "../login?from=try"
    for path in CLOSED:
        answer = browser.ask(path)
        assert (answer.status, list(answer.json)) == (401, ["error"]), path
    assert browser.ask("/login").status == 200
    told = browser.ask("/api/session").json
    assert (told["signed_in"], told["needs_password"]) == (False, True)


def test_the_right_password_begins_a_session_and_signing_out_ends_it(guarded_page: ServedPage):
    """The cookie is out of reach of scripts and of other sites; afterwards it is worth nothing."""
    browser = guarded_page.browser("127.0.0.3")
    assert browser.sign_in("not the right one").status == 403
    answer = browser.sign_in()
    assert answer.status == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert f"max-age={LONGEST_S:.0f}" in cookie  # as long as a session that is used can last
    assert browser.ask("/").status == 200
    assert browser.ask("/api/session").json["signed_in"] is True
    assert browser.ask("/api/logout", {}).status == 200
    assert browser.ask("/api/settings").status == 401


def test_a_session_outlives_the_page_s_process(guarded_page: ServedPage):
    """After the process was killed and came back, whoever was signed in still is."""
    browser = guarded_page.browser("127.0.0.4")
    assert browser.sign_in().status == 200
    before = guarded_page.page.pid
    assert before is not None
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: guarded_page.page.pid not in {before, None}, 30.0, "another process")
    wait_for(guarded_page.answers, 60.0, "the page")
    assert browser.ask("/api/settings").status == 200


def test_guessing_is_slowed_down_for_one_address_alone(guarded_page: ServedPage):
    """After five wrong tries the right password has to wait, too; elsewhere it is taken."""
    guesser = guarded_page.browser("127.0.0.5")
    statuses = [guesser.sign_in(f"wrong guess {n}").status for n in range(6)]
    assert statuses == [403] * 5 + [429]
    refused = guesser.sign_in(PASSWORD)
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= 61
    assert "wait" in refused.json["error"]
    assert guarded_page.browser("127.0.0.6").sign_in().status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": ""},
        {"Origin": "null"},
        {"X_CSRF_Token": "0" * 64},
        {"X_CSRF_Token": ""},
    ],
)
def test_another_site_s_page_can_do_nothing(shared_page: ServedPage, headers: dict[str, str]):
    """Without our origin and the token of our forms, a POST is refused and reaches nobody."""
    browser = shared_page.browser().look()
    answer = browser.ask("/api/commands", {"key": "acknowledge", "payload": "PRESS"}, **headers)
    assert answer.status == 403
    assert shared_page.commands.take() is None


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8321", "192.168.1.5", "a b", ""])
def test_a_foreign_name_is_refused_where_there_is_no_password(shared_page: ServedPage, host: str):
    """A name that somebody lets lead to this machine (DNS rebinding) shows nothing."""
    browser = shared_page.browser()
    answer = browser.ask("/api/settings", Host=host or " ")
    assert answer.status in {400, 403}
    assert b"value" not in answer.body


def test_a_proxy_nobody_told_of_shows_nothing_without_a_password(shared_page: ServedPage):
    """What a proxy passes on would be open to all who reach it."""
    answer = shared_page.browser().ask("/api/settings", X_Forwarded_For="6.6.6.6")
    assert answer.status == 403
    assert "trusted_proxies" in answer.json["error"]


def test_behind_a_trusted_proxy_the_page_keeps_to_its_prefix(
    serve: Callable[..., ServedPage],
):
    """Origin, scheme and prefix are the proxy's; the cookie is bound to both."""
    page = serve("  trusted_proxies: 127.0.0.1\n", password=True)
    browser = page.browser()
    proxied = {
        "X_Forwarded_For": "10.0.0.7",
        "X_Forwarded_Proto": "https",
        "X_Forwarded_Host": "ha.example:8123",
        "X_Ingress_Path": "/api/hassio_ingress/abc",
    }
    browser.csrf = browser.ask("/api/session", **proxied).json["csrf"]
    refused = browser.ask("/api/login", {"password": PASSWORD}, **proxied)
    assert refused.status == 403  # the origin was our own, not the proxy's
    proxied["Origin"] = "https://ha.example:8123"
    answer = browser.ask("/api/login", {"password": PASSWORD}, **proxied)
    assert answer.status == 200
    cookie = answer.headers["set-cookie"]
    assert "Path=/api/hassio_ingress/abc/" in cookie
    assert "Secure" in cookie
    assert browser.ask("/", **proxied).headers["location"] == "./login"


def test_every_answer_tells_the_browser_to_load_nothing_from_elsewhere(shared_page: ServedPage):
    """Pages, data, errors: no inline code, no framing by others, no sniffing, nothing kept."""
    browser = shared_page.browser()
    for path in ("/", "/api/session", "/nothing", "/try/", "/phone/"):
        headers = browser.ask(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe-inline" not in policy
        assert ("'wasm-unsafe-eval'" in policy) is path.startswith("/try/")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        hears = "microphone=(self)" in headers["permissions-policy"]
        assert hears is path.startswith(("/phone/", "/try/"))
        assert headers["cache-control"] in {"no-store", "no-cache"}
        assert "server" not in headers


def test_a_browser_need_not_load_the_models_at_each_visit(shared_page: ServedPage):
    """It may keep them, and is told in a line that they are still the same."""
    browser = shared_page.browser()
    first = browser.ask("/try/models/detector.onnx")
    assert (first.status, first.headers["cache-control"]) == (200, "no-cache")
    again = browser.ask("/try/models/detector.onnx", **{"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"


def test_the_page_s_process_stands_back_behind_the_daemon(shared_page: ServedPage):
    """It gets the processor after the chain, and is killed for memory before it."""
    pid = shared_page.page.pid
    assert pid is not None
    assert os.getpriority(os.PRIO_PROCESS, pid) >= 5
    assert Path(f"/proc/{pid}/oom_score_adj").read_text().strip() == "700"


def test_a_telephone_is_not_let_in_where_none_is_the_microphone(shared_page: ServedPage):
    """Without a telephone's ring its path answers no handshake."""
    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        websockets.sync.client.connect(f"ws://127.0.0.1:{shared_page.port}/api/phone")
    assert refused.value.response.status_code == 403


def test_a_password_that_cannot_be_read_lets_nobody_in(tmp_path: Path):
    """Damage must not open the page, not even to this machine alone."""
    served = ServedPage(tmp_path, password=False)
    (tmp_path / "state" / "web-password").write_bytes(b"\xff\xfe no hash")
    try:
        browser = served.start().browser()
        assert browser.ask("/api/session").json["signed_in"] is False
        assert browser.ask("/api/nights").status == 401
    finally:
        served.close()
