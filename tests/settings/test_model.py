"""The model: defaults, words, and values that do not fit each other."""

import pytest
from pydantic import ValidationError

from osa_daemon.settings.catalogue import Setting, catalogue
from osa_daemon.settings.model import Alerts, Mqtt, Settings, Tls

UNIT_ENDINGS = {"s": "_s", "min": "_minutes", "d": "_days"}


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.key)
def test_each_key_has_a_sentence(row: Setting) -> None:
    """Every key is described by one sentence."""
    assert row.about.text[0].isupper()
    assert row.about.text.endswith(".")


@pytest.mark.parametrize("row", catalogue(), ids=lambda row: row.key)
def test_a_unit_stands_in_the_name(row: Setting) -> None:
    """A key with a unit is named after it, and a number has both ends of its range."""
    if row.about.unit:
        assert row.key.endswith(UNIT_ENDINGS[row.about.unit])
    if row.kind in {"int", "float"}:
        assert row.minimum is not None
        assert row.maximum is not None


def test_defaults_are_valid() -> None:
    """The defaults pass their own checks."""
    defaults = Settings()
    assert Settings.model_validate(defaults.model_dump()) == defaults


@pytest.mark.parametrize("port", [443, 1023])
def test_the_page_takes_no_port_that_the_service_may_not_open(port: int) -> None:
    """Those below 1024 want rights of root."""
    with pytest.raises(ValidationError, match="1024"):
        Settings.model_validate({"web": {"port": port}})
    assert Settings.model_validate({"web": {"port": 1024}}).web.port == 1024


def test_settings_do_not_change() -> None:
    """A section cannot be written to."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().alerts.after_s = 40


@pytest.mark.parametrize(
    ("section", "values", "says"),
    [
        (Alerts, {"notice_s": 30}, "alerts.after_s is 30, but must be more than alerts.notice_s"),
        (Alerts, {"urgent_s": 30}, "alerts.urgent_s is 30, but must be more than alerts.after_s"),
        (Tls, {"enabled": True, "cert_file": "/c"}, "mqtt.tls.key_file is not set"),
        (Tls, {"enabled": True, "key_file": "/k"}, "mqtt.tls.cert_file is not set"),
        (Tls, {"ca_file": "/c"}, "mqtt.tls.enabled is false"),
        (Mqtt, {"password_file": "/p"}, "mqtt.username is not set"),
    ],
)
def test_values_that_do_not_fit_each_other_are_refused(
    section: type[Alerts | Tls | Mqtt], values: dict[str, object], says: str
) -> None:
    """A conflict names both keys and their values."""
    with pytest.raises(ValidationError) as caught:
        section.model_validate(values)
    assert says in str(caught.value)
