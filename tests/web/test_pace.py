"""How many requests one address gets through."""

from osa_daemon.web.pace import BURST, LONGEST_S, MOST_ADDRESSES, PER_S, Pace


def test_a_page_is_loaded_at_once_and_a_flood_waits_by_itself():
    """So many need not wait; then each a little more, never more than 10 s; others not at all."""
    now = [0.0]
    pace = Pace(lambda: now[0])
    assert [pace.wait_s("a") for _ in range(int(BURST))] == [0.0] * int(BURST)
    waits = [pace.wait_s("a") for _ in range(1000)]
    assert waits[0] == 1 / PER_S
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_S
    assert pace.wait_s("b") == 0
    now[0] += LONGEST_S + BURST / PER_S
    assert pace.wait_s("a") == 0


def test_what_costs_as_much_counts_as_much():
    """Whoever cost us a burst already waits with the next request."""
    pace = Pace(lambda: 0.0)
    pace.owe("a", BURST)
    assert pace.wait_s("a") == 1 / PER_S
    assert pace.wait_s("b") == 0


def test_addresses_in_any_number_fill_no_memory():
    """The one that was seen longest ago is forgotten."""
    pace = Pace(lambda: 0.0)
    for number in range(3 * MOST_ADDRESSES):
        pace.wait_s(str(number))
    assert len(pace._debts) == MOST_ADDRESSES
