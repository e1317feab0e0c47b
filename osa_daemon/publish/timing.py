"""Deadlines and pauses: of the link to the broker, and of messages to an ntfy server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """Of the link to the broker; all in seconds. Tests make them short."""

    puback_deadline_s: float = 10.0  # a broker on the far side of bad WLAN answers within 2 s
    heartbeat_s: float = 30.0  # longest time without asking for an acknowledgement
    connect_deadline_s: float = 30.0  # name lookup, TCP, TLS and CONNACK together
    retry_min_s: float = 1.0
    retry_max_s: float = 30.0
    steady_s: float = 10.0  # a link that lives this long was not thrown out by a rival
    refused_retry_s: float = 30.0  # an access list is put right by a person
    birth_delay_min_s: float = 1.0
    birth_delay_max_s: float = 5.0  # many devices must not all answer a birth at once
    tick_s: float = 1.0


@dataclass(frozen=True, slots=True)
class NtfyTiming:
    """Deadlines and pauses of messages to an ntfy server; all in seconds."""

    request_deadline_s: float = 10.0  # TCP, TLS, request and answer together
    stale_s: float = 300.0  # whoever looks in then finds nothing of the pause it was sent for
    retry_min_s: float = 1.0
    retry_max_s: float = 30.0
    retry_after_max_s: float = 120.0  # however long a server asks to wait
    hangs_s: float = 60.0  # a name lookup has no deadline of ours; the resolver's own are below
    idle_s: float = 60.0  # how often the token is looked at while nothing is sent
