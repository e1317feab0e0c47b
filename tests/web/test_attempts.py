"""How often a password may be tried."""

from osa_daemon.web.attempts import BURST, BURST_IN_ALL, MOST_ADDRESSES, REFILL_S, Attempts


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now_s


def test_an_address_waits_after_a_few_tries_and_less_as_time_passes():
    """Five at once, then none until a minute has passed; the wait that is told is enough."""
    clock = Clock()
    attempts = Attempts(clock)
    assert [attempts.wait_s("a") for _ in range(BURST)] == [0.0] * BURST
    wait_s = attempts.wait_s("a")
    assert 0 < wait_s <= REFILL_S
    clock.now_s += wait_s / 2
    assert attempts.wait_s("a") > 0
    clock.now_s += wait_s / 2 + 0.01
    assert attempts.wait_s("a") == 0
    assert attempts.wait_s("a") > 0


def test_one_address_leaves_the_tries_of_others_alone():
    """Refused tries of one address count for it alone."""
    attempts = Attempts(Clock())
    for _ in range(1000):
        attempts.wait_s("a")
    assert attempts.wait_s("b") == 0


def test_many_addresses_together_wait_too():
    """A thousand machines get twenty tries, and fill no memory."""
    clock = Clock()
    attempts = Attempts(clock)
    tried = sum(attempts.wait_s(f"10.0.{n // 256}.{n % 256}") == 0 for n in range(5000))
    assert tried == BURST_IN_ALL
    assert len(attempts._by_address) <= MOST_ADDRESSES
    clock.now_s += 3600
    assert attempts.wait_s("10.1.0.1") == 0


def test_the_right_password_gives_the_tries_back():
    """Whoever signs in has made no attempt."""
    attempts = Attempts(Clock())
    for _ in range(10 * BURST_IN_ALL):
        assert attempts.wait_s("a") == 0
        attempts.succeeded("a")
