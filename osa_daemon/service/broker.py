"""The settings of the broker as the publisher takes them."""

import osa_daemon
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.service.computer import this_computer
from osa_daemon.settings.alerts import Alerts
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.model import Mqtt


def mqtt_settings(
    mqtt: Mqtt,
    model: str | None = None,
    client_id: str = "",
    alerts: Alerts | None = None,
    page_url: str | None = None,
) -> MqttSettings:
    """Return what the publisher needs; `model` is the version of the detector.

    `page_url` is where Home Assistant's link to the device leads, None for no link.

    An empty `client_id` is made from the device id. `alerts`: between whose steps an alert may
    come, the default's where None.
    """
    computer = this_computer()
    return MqttSettings(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.username,
        password_file=mqtt.password_file,
        tls=mqtt.tls.enabled,
        tls_ca=mqtt.tls.ca_file,
        tls_cert=mqtt.tls.cert_file,
        tls_key=mqtt.tls.key_file,
        client_id=client_id,
        keepalive_s=mqtt.keepalive_s,
        base_topic=mqtt.base_topic,
        discovery=mqtt.discovery,
        discovery_prefix=mqtt.discovery_prefix,
        device_id=mqtt.device_id,
        device_name=mqtt.device_name,
        area=mqtt.area,
        alert_after_range=alert_after_range(alerts or Alerts()),
        configuration_url=page_url,
        version=osa_daemon.__version__,
        model=model,
        computer=computer.model,
        serial=computer.serial,
    )


def alert_after_range(alerts: Alerts) -> tuple[int, int]:
    """Return the least and the most (s) of what fits between notice and urgent."""
    row = next(row for row in catalogue() if row.key == "alerts.after_s")
    least, most = int(row.minimum or 0), int(row.maximum or 0)
    return max(least, alerts.notice_s + 1), min(most, alerts.urgent_s - 1)
