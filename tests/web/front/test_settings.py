"""The view *settings* changes what may change, and says what may not."""

import pytest

from tests.web.front.tab import Tab

pytestmark = pytest.mark.browser


def test_a_setting_is_changed_refused_and_reset(tab: Tab) -> None:
    """The daemon's sentence stands at the field; so does where the value is from."""
    tab.show("settings", "Settings")
    setting = tab.page.get_by_role("region", name="alerts.after_s")
    assert "until the daemon reloads it" in tab.text(".lead")
    field, save = setting.locator("input"), setting.get_by_role("button", name="Save")
    assert field.input_value() == "35"
    assert "From /etc/osa-daemon/config.yaml." in setting.inner_text()
    field.fill("5")
    save.click()
    setting.get_by_text("alerts.after_s is 5, but must be").wait_for()
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("40")
    field.press("Enter")
    setting.get_by_text("Changed here or in Home Assistant").wait_for()
    assert field.get_attribute("aria-invalid") is None
    setting.get_by_role("button", name="Reset").click()
    setting.get_by_text("From /etc/osa-daemon/config.yaml.").wait_for()
    assert field.input_value() == "35"


def test_kinds_are_sent_as_what_they_are(tab: Tab) -> None:
    """A switch, a choice, an empty field for none, words where a number should be."""
    tab.show("settings", "Settings")
    sent = []
    tab.page.on("request", lambda request: sent.append(request.post_data_json))
    for key, value, told in (
        ("alerts.enabled", "false", "The default is on."),
        ("detection.sensitivity", "low", "The default is balanced."),
        ("alerts.max_per_night", "", "The default is 10."),
        ("alerts.repeat_minutes", "ten", "must be a whole number"),
    ):
        setting = tab.page.get_by_role("region", name=key)
        field = setting.locator(":is(input, select)")
        if field.evaluate("(field) => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
        setting.get_by_role("button", name="Save").click()
        setting.get_by_text(told).wait_for()
    values = [each["value"] for each in sent if each and "value" in each]
    assert values == [False, "low", None, "ten"]


def test_what_needs_a_restart_cannot_be_changed_here(tab: Tab) -> None:
    """It is shown with its value, where it comes from, and what a change needs."""
    tab.show("settings", "Settings")
    tab.page.locator("summary", has=tab.page.get_by_text("mqtt", exact=True)).click()
    setting = tab.page.get_by_role("region", name="mqtt.host")
    assert "homeassistant.local" in setting.inner_text()
    assert "needs the settings file and a restart" in setting.inner_text()
    assert setting.locator("input").count() == 0
