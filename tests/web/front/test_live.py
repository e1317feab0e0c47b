"""The view *tonight* says what is so now, and never what was."""

import statistics
import time
from datetime import timedelta

import pytest

from osa_daemon.publish import payloads
from tests.web.fake_nights import NOW
from tests.web.fake_page import FakePage
from tests.web.fake_states import calm_states, raised, sound, status
from tests.web.front.tab import Tab, wait_until, watched

pytestmark = pytest.mark.browser

UNKNOWN = "\N{EN DASH}"
UNHEARD = [
    ("apnea", "None", "Not known yet", ""),
    ("breathing_audible", "OFF", "Cannot hear breathing", ""),
    ("status", status("paused", "Nobody is in bed"), "Not listening", "Nobody is in bed. Since"),
    ("status", status("deaf", "It is overdriven: lower its gain."), "It hears nothing", "its gain"),
    ("status", status("no_microphone", "It was unplugged."), "No microphone", "unplugged"),
    ("status", status("starting"), "Starting", "does not listen yet"),
]
OF_NOW = ("Breaths a minute", "Snoring now")
FILL = """async ([first, second]) => {
  const { History } = await import("/static/history.js");
  const [one, other] = [new History(300), new History(300)];
  const counts = [first, second].map((told) => (one.fill(told), one.length));
  other.fill(second);
  return [...counts, other.length];
}"""
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_pause_is_shown_within_a_second(fake: FakePage, tab: Tab) -> None:
    """From the daemon's word to the page, and back when it is over."""
    watched(tab, fake)
    took_s = []
    for _ in range(5):
        begun_s = time.monotonic()
        fake.state("apnea", "ON")
        tab.wait_for_heading("Breathing pause")
        took_s.append(time.monotonic() - begun_s)
        fake.state("apnea", "OFF")
        fake.sound()
        tab.wait_for_heading("Breathing can be heard")
    assert statistics.median(took_s) < 1.0


def test_the_headline_does_not_say_that_a_silent_sleeper_breathes(fake: FakePage, tab: Tab) -> None:
    """In the first seconds of a pause no breath is heard: the page says that one could be."""
    watched(tab, fake)
    told = fake.sound()
    quiet = "Quiet, in which breathing could be heard"
    for second in range(1, 21):
        at = (NOW + timedelta(seconds=10 + second)).isoformat()
        hears = "Breathing" if second == 1 else quiet
        fake.push("sound", {**told, "at": at, "hears": hears, "level_dbfs": -50.0 - second})
        assert "Breathing." not in tab.text(".hears")
    tab.page.locator(".hears", has_text=f"{quiet}.").wait_for()
    assert tab.text("main h1") == "Breathing can be heard"


def test_the_seconds_of_a_pause_go_on_between_messages(fake: FakePage, tab: Tab) -> None:
    """Nobody waits for a word to know how long it lasts."""
    tab.page.clock.install()
    watched(tab, fake)
    tab.page.evaluate(
        """() => {
          const where = document.querySelector(".seconds");
          window.shown = [];
          new MutationObserver(() => window.shown.push(parseInt(where.textContent)))
            .observe(where, { childList: true });
        }"""
    )
    fake.state("apnea", "ON")
    fake.sound(pause_s=20.0)
    tab.wait_for("window.shown.some((seconds) => seconds > 20)")
    tab.page.clock.fast_forward(8000)
    tab.wait_for_heading("No news")  # it does not count on for ever
    shown = tab.page.evaluate("window.shown.filter(Number.isFinite)")
    assert set(shown) <= set(range(20, 28)), shown


def test_what_cannot_be_heard_is_said(fake: FakePage, tab: Tab) -> None:
    """Each state has its sentence, and none of them soothes."""
    watched(tab, fake)
    rate = tab.page.locator("dl div", has_text="Breaths a minute").locator("dd")
    assert rate.inner_text() == "14"
    for suffix, payload, heading, text in UNHEARD:
        fake.state(suffix, payload)
        tab.wait_for_heading(heading)
        assert text in tab.text(".hears")
        assert "would not be noticed" in tab.text(".hears")
        assert "normal" not in tab.text("main").lower()
        assert rate.inner_text() == UNKNOWN


def test_no_old_level_stands_as_that_of_now(fake: FakePage, tab: Tab) -> None:
    """Not even where a last second comes once the microphone is gone: the chart says until when."""
    watched(tab, fake)
    figure = tab.page.locator("figure")
    figure.get_by_text("Level -").wait_for()
    fake.state("status", status("no_microphone", "It was unplugged."))
    fake.sound()
    tab.wait_for_heading("No microphone")
    figure.get_by_text("No sound is told now.").wait_for()
    figure.get_by_text("Sound until 03:12:07").wait_for()
    assert "stale" in (figure.get_attribute("class") or "")
    fake.state("status", status("deaf", "It is overdriven: lower its gain."))
    fake.sound()
    figure.get_by_text("Level -").wait_for()
    assert tab.text("figcaption") == "The last 5 minutes"


def test_in_a_pause_nobody_snores_now(fake: FakePage, tab: Tab) -> None:
    """What was told of the last two minutes is not so in the seconds of a pause."""
    fake.states["breathing"] = payloads.breathing_payload(14.2, is_snoring=True)
    watched(tab, fake)
    told = [tab.page.locator("dl div", has_text=term).locator("dd") for term in OF_NOW]
    assert [each.inner_text() for each in told] == ["14", "yes"]
    fake.state("apnea", "ON")
    tab.wait_for_heading("Breathing pause")
    assert [each.inner_text() for each in told] == [UNKNOWN, UNKNOWN]


def test_the_minutes_before_the_page_was_opened_are_there(fake: FakePage, tab: Tab) -> None:
    """All of them after a reload too; what is there already is not put in twice."""
    told = [sound(n, NOW + timedelta(seconds=n), None) for n in range(300)]
    fake.past = told
    tab.show("tonight")
    tab.page.locator("figcaption", has_text="Sound until 03:17:04").wait_for()
    rows = tab.page.evaluate(FILL, [told, told[200:]])
    assert rows == [300, 300, 100]


def test_words_do_not_change_with_each_breath(fake: FakePage, tab: Tab) -> None:
    """A snorer is silent between two snores, and is called a snorer all the time."""
    watched(tab, fake)
    calm = fake.sound()
    snore = {**calm, "level_dbfs": -30.0, "hears": "Snoring"}
    for at_s in range(1, 5):
        told = snore if at_s == 1 else calm
        at = (NOW + timedelta(seconds=10 + at_s)).isoformat()
        fake.push("sound", {**told, "at": at})
    tab.page.locator(".hears", has_text="Snoring.").wait_for()
    for at_s in range(5, 11):
        fake.push("sound", {**calm, "at": (NOW + timedelta(seconds=10 + at_s)).isoformat()})
    tab.page.locator(".hears", has_not_text="Snoring").wait_for(state="attached")


def test_an_alert_can_be_acknowledged(fake: FakePage, tab: Tab) -> None:
    """It is shown and read out at once; the button sends the daemon's own command."""
    watched(tab, fake)
    fake.state("alert", raised(NOW))
    alert = tab.page.get_by_role("region", name="Alert")
    alert.wait_for()
    assert "No breathing sound for 30 s." in alert.inner_text()
    assert "No breathing sound" in tab.text("#called")
    alert.get_by_role("button", name="Acknowledge").click()
    wait_until(lambda: bool(fake.commands), "no command came")
    assert fake.commands == [{"key": "acknowledge", "payload": "PRESS"}]
    fake.state("alert", calm_states(fake.tonight)["alert"])
    alert.wait_for(state="hidden")


def test_a_notice_of_the_pause_before_is_not_seen_in_the_next(fake: FakePage, tab: Tab) -> None:
    """That breathing is heard again is of a time, which comes first, and no word on a new pause."""
    watched(tab, fake)
    over = {**raised(NOW, "Breathing is heard again."), "active": False, "level": "notice"}
    fake.state("alert", over)
    notice = tab.page.get_by_role("region", name="Alert")
    notice.wait_for()
    assert notice.inner_text().strip() == "03:12:05, last notice: Breathing is heard again."
    fake.state("apnea", "ON")
    tab.wait_for_heading("Breathing pause")
    assert not notice.is_visible()
    fake.state("apnea", "OFF")
    fake.sound()
    notice.wait_for()


def test_an_alert_is_seen_in_every_view(fake: FakePage, tab: Tab) -> None:
    """Whoever reads settings is told too."""
    tab.show("settings", "Settings")
    wait_until(lambda: fake.viewers == 1, "nobody reads the stream")
    fake.sound()
    fake.state("alert", raised(NOW))
    tab.page.locator("#now", has_text="No breathing sound for 30 s.").wait_for()
    assert tab.page.locator("#now").get_attribute("href") == "#tonight"


def test_a_refused_command_is_told(fake: FakePage, tab: Tab) -> None:
    """The daemon's sentence stands beside the button."""
    watched(tab, fake)
    fake.broken = "The daemon is busy: try again in a moment."
    tab.page.get_by_role("button", name="Test alert").click()
    tab.page.locator(".answer", has_text="The daemon is busy").wait_for()
    assert not fake.commands


def test_problems_are_sentences(fake: FakePage, tab: Tab) -> None:
    """Storage, configuration, and events that wait for the broker."""
    watched(tab, fake)
    fake.state("problem/storage", payloads.problem_payload("The disk is full: make room."))
    fake.state("diagnostics", {**fake.states["diagnostics"], "outbox": 3})
    problems = tab.page.get_by_role("list", name="Problems")
    problems.get_by_text("3 events wait for the MQTT broker").wait_for()
    assert "Storage: The disk is full: make room." in problems.inner_text()


def test_a_broker_that_is_away_is_a_problem(fake: FakePage, tab: Tab) -> None:
    """As `broker_news` tells it, whether anything waits or not."""
    watched(tab, fake)
    fake.state("problem/broker", payloads.problem_payload("Home Assistant is told nothing now."))
    tab.page.locator(".problems li").wait_for()
    assert tab.text(".problems") == "Broker: Home Assistant is told nothing now."
    fake.state("problem/broker", payloads.problem_payload(None))
    tab.page.locator(".problems").wait_for(state="hidden")


def test_what_the_verdict_gives_is_no_problem_besides(fake: FakePage, tab: Tab) -> None:
    """One sentence about the microphone is enough; another problem stays."""
    watched(tab, fake)
    fake.state("problem/microphone", payloads.problem_payload("It was unplugged."))
    fake.state("problem/storage", payloads.problem_payload("The disk is full: make room."))
    fake.state("status", status("no_microphone", "It was unplugged."))
    tab.wait_for_heading("No microphone")
    assert tab.text(".problems") == "Storage: The disk is full: make room."
    assert tab.text("main").count("It was unplugged.") == 1


def test_a_cut_connection_is_told_and_comes_back(fake: FakePage, tab: Tab) -> None:
    """At once, with nothing left on the page that could be taken for now."""
    watched(tab, fake)
    fake.broken = "The daemon is being restarted."
    fake.cut()
    tab.wait_for_heading("No connection")
    assert "is not known" in tab.text(".hears")
    assert set(tab.page.locator("dd").all_inner_texts()) == {UNKNOWN}
    assert tab.page.locator("figure.stale").count() == 1
    assert "No connection to the daemon" in tab.text("#called")
    fake.broken = None
    wait_until(lambda: fake.viewers == 1, "it does not try again")
    fake.sound()
    tab.wait_for_heading("Breathing can be heard")
    assert tab.text("#said") == "Connected to the daemon again."


def test_a_daemon_that_says_nothing_is_not_taken_for_a_quiet_night(
    fake: FakePage, tab: Tab
) -> None:
    """Eight seconds without sound: no news. Half a minute without a byte: no connection."""
    tab.page.clock.install()
    watched(tab, fake)
    tab.page.clock.fast_forward(8000)
    tab.wait_for_heading("No news")
    assert "would not be noticed" in tab.text(".hears")
    tab.page.clock.fast_forward(25000)
    tab.page.locator(".hears", has_text="has fallen silent").wait_for()
    assert tab.text("main h1") == "No connection"


def test_a_hidden_tab_paints_nothing(fake: FakePage, tab: Tab) -> None:
    """It hears, and shows what is so once it is seen again."""
    tab.page.clock.install()
    watched(tab, fake)
    tab.page.evaluate(HIDE, True)
    fake.state("apnea", "ON")
    tab.wait_for("document.querySelector('#said').textContent.includes('pause')")
    tab.page.clock.run_for(3000)
    assert tab.text("main h1") == "Breathing can be heard"
    tab.page.evaluate(HIDE, False)
    tab.wait_for_heading("Breathing pause")


def test_sound_is_painted_once_a_second_at_most(fake: FakePage, tab: Tab) -> None:
    """However fast it comes."""
    tab.page.add_init_script(
        """const clear = CanvasRenderingContext2D.prototype.clearRect;
        window.cleared = 0;
        CanvasRenderingContext2D.prototype.clearRect = function (...box) {
          window.cleared += 1;
          return clear.apply(this, box);
        };"""
    )
    watched(tab, fake)
    before = tab.page.evaluate("[window.cleared, performance.now()]")
    for _ in range(200):
        fake.sound()
    tab.page.locator("main h1").wait_for()
    tab.wait_for("(n) => window.cleared > n + 1", before[0])
    after = tab.page.evaluate("[window.cleared, performance.now()]")
    assert after[0] - before[0] <= (after[1] - before[1]) / 1000 + 2


@pytest.mark.parametrize(
    ("monitorable_s", "told"), [(0.0, UNKNOWN), (5400.0, "none heard")], ids=["deaf", "heard"]
)
def test_no_event_is_told_as_heard_only_where_one_could_be(
    fake: FakePage, tab: Tab, monitorable_s: float, told: str
) -> None:
    """Of a night that could not be heard it is not known whether there was one."""
    none = {"events": 0, "apneas": 0, "hypopneas": 0, "longest_apnea_s": 0.0}
    fake.states["night/current"] |= none | {"monitorable_s": monitorable_s}
    fake.states["last_event"] = None
    watched(tab, fake)
    for term in ("Events tonight", "Longest pause", "Last event"):
        row = tab.page.locator("dt", has_text=term)
        assert row.locator("xpath=following-sibling::dd[1]").inner_text() == told, term
