"""Deadlines and pauses of the link to the broker."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds; tests make them short."""

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
