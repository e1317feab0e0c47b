"""Why there is no connection, in one sentence that a user can act on."""

import socket
import ssl

from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.networks import no_answer_hint, unknown_name_hint

# X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH of OpenSSL's x509_vfy.h
_NAME_MISMATCH = (62, 64)
# X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED
_WRONG_TIME = (9, 10)

# CONNACK and DISCONNECT reason codes, MQTT 5.0 section 2.4
_BAD_USER = (0x86, 0x87)
_UNSUPPORTED_PROTOCOL = 0x84
_CLIENT_ID_REFUSED = 0x85
_TAKEN_OVER = 0x8E


def no_connection(settings: MqttSettings, error: BaseException | None) -> str:
    """The sentence for an attempt that ended before the broker answered."""
    where = settings.address
    match error:
        case ssl.SSLError():
            sentence = _no_tls(settings, error)
        case socket.gaierror():
            hint = unknown_name_hint()
            sentence = (
                f'the host "{settings.host}" is not known: check mqtt.host and the network{hint}'
            )
        case ConnectionRefusedError():
            sentence = (
                f"no broker answers at {where}: check mqtt.host and mqtt.port, and that it runs"
            )
        case ConnectionResetError():
            sentence = hung_up(settings)
        case TimeoutError():
            hint = no_answer_hint(settings.host)
            sentence = (
                f"the broker at {where} does not answer: check mqtt.host and the network{hint}"
            )
        case OSError(strerror=cause):
            sentence = f"the broker at {where} cannot be reached: {cause or 'no reason is given'}"
        case _:
            sentence = f"the broker at {where} cannot be reached"
    return sentence


def refused(settings: MqttSettings, code: int, name: str) -> str:
    """The sentence for a broker that answered with a refusal."""
    where = settings.address
    if code in _BAD_USER and settings.username is None:
        return (
            f"the broker at {where} refused a client without a user: "
            f"set mqtt.username and mqtt.password_file"
        )
    if code in _BAD_USER:
        return (
            f'the broker at {where} refused user "{settings.username}": '
            f"check mqtt.username and mqtt.password_file"
        )
    if code == _UNSUPPORTED_PROTOCOL:
        return f"the broker at {where} does not speak MQTT 5: mosquitto does from version 1.6 on"
    if code == _CLIENT_ID_REFUSED:
        return f'the broker at {where} refused the client id "{settings.client_name}"'
    return f"the broker at {where} refused the connection: {name.lower()}"


def lost(settings: MqttSettings, code: int, name: str, *, was_online: bool) -> str:
    """The sentence for a connection that ended."""
    where = settings.address
    if code == _TAKEN_OVER:
        return rival(settings)
    if not was_online:
        return no_certificate(settings) if settings.tls else hung_up(settings)
    return f"the connection to the broker at {where} was lost: {name.lower()}"


def rival(settings: MqttSettings) -> str:
    """The sentence for a client that is thrown out again and again."""
    return (
        f'the broker at {settings.address} ends each connection of client "{settings.client_name}" '
        f"at once: check that mqtt.device_id is not also that of another daemon"
    )


def hung_up(settings: MqttSettings) -> str:
    """The sentence for a broker that ended the connection without an answer."""
    change = "needs no TLS" if settings.tls else "needs TLS"
    return (
        f"the broker at {settings.address} hung up before answering: "
        f"check that it is one, and whether this port {change} (mqtt.port, mqtt.tls.enabled)"
    )


def no_certificate(settings: MqttSettings) -> str:
    """The sentence for a broker that ended the connection once TLS was spoken.

    In TLS 1.3 the handshake is over before the client's certificate is judged (RFC 8446,
    section 4.4.2.4), so that nothing tells this from any other end.
    """
    if settings.tls_cert is None:
        change = "if it asks for a client certificate, set mqtt.tls.cert_file and mqtt.tls.key_file"
    else:
        change = f"check that it knows who signed mqtt.tls.cert_file {settings.tls_cert}"
    return f"the broker at {settings.address} hung up after the TLS handshake: {change}"


def silent(settings: MqttSettings, age_s: float) -> str:
    """The sentence for a connection that is open while nothing is acknowledged."""
    return f"the broker at {settings.address} has acknowledged nothing for {age_s:.0f} s"


def not_permitted(settings: MqttSettings, topic: str, name: str) -> str:
    """The sentence for a message that the broker did not take."""
    user = f'user "{settings.username}"' if settings.username else "a client without a user"
    return (
        f"the broker at {settings.address} does not take {topic} from {user} "
        f"({name.lower()}): check its access list"
    )


def _no_tls(settings: MqttSettings, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _bad_certificate(settings, error)
    return (
        f"the broker at {settings.address} does not speak TLS with us ({_ssl_reason(error)}): "
        f"check mqtt.port and mqtt.tls.enabled, and mqtt.tls.cert_file if it asks for one"
    )


def _bad_certificate(settings: MqttSettings, error: ssl.SSLCertVerificationError) -> str:
    where = settings.address
    if error.verify_code in _NAME_MISMATCH:
        return (
            f'the certificate of the broker at {where} is not for "{settings.host}": '
            f"set mqtt.host to a name in the certificate"
        )
    if error.verify_code in _WRONG_TIME:
        return (
            f"the certificate of the broker at {where} is not valid now "
            f"({error.verify_message}): check this machine's clock, or renew it"
        )
    trusted = (
        f"mqtt.tls.ca_file {settings.tls_ca}" if settings.tls_ca else "this system's authorities"
    )
    return (
        f"the certificate of the broker at {where} is not signed by {trusted} "
        f"({error.verify_message}): set mqtt.tls.ca_file to the certificate that signed it"
    )


def _ssl_reason(error: ssl.SSLError) -> str:
    return (error.reason or "no answer").lower().replace("_", " ")
