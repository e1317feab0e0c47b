"""Some of the beds, in a process of their own: `python -m osa_daemon.service.load.beds`.

They tell what they tell until standard input ends; then each event is waited for, and what came
of them goes to standard output as one line of JSON.
"""

import argparse
import json
import sys
import threading
import time
from random import Random

from osa_daemon.service.load.bed import Bed, play

SETTLE_S = 90.0  # for the broker to have every event; a link is tried again every 30 s at most
STOP_S = 5.0


def main() -> int:
    """Play the beds that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--first", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--speed", type=float, required=True)
    args = parser.parse_args()
    numbers = range(args.first, args.first + args.count)
    beds = [Bed(args.port, f"bed_{n}", args.speed, Random(n)) for n in numbers]
    for bed in beds:
        bed.begin()
    over = threading.Event()
    threading.Thread(target=_wait_for_end, args=(over,), daemon=True).start()
    play(beds, over.is_set)
    until_s = time.monotonic() + SETTLE_S
    while any(bed.publisher.waiting_events for bed in beds) and time.monotonic() < until_s:
        time.sleep(0.05)
    print(
        json.dumps(
            {
                "ids": [event_id for bed in beds for event_id in bed.sent],
                "acknowledged": [one for bed in beds for one in bed.acknowledged],
                "online_s": [bed.online_s for bed in beds],
                "waiting": sum(bed.publisher.waiting_events for bed in beds),
            }
        ),
        flush=True,
    )
    threads = [threading.Thread(target=bed.publisher.stop, args=(STOP_S,)) for bed in beds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return 0


def _wait_for_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    sys.exit(main())
