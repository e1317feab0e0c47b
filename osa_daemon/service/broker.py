"""The settings of the broker as the publisher takes them."""

import osa_daemon
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.settings.model import Mqtt


def mqtt_settings(mqtt: Mqtt, model: str | None = None, client_id: str = "") -> MqttSettings:
    """Return what the publisher needs; `model` is the version of the detector.

    An empty `client_id` is made from the device id.
    """
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
        version=osa_daemon.__version__,
        model=model,
    )
