"""`scripts/nights`: simulated nights, one after the other; a bad one is told by its seed."""

import argparse
import hashlib
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.simulated_night.checks import Facts, clear_pauses, complaints
from tests.simulated_night.night import Played, play
from tests.simulated_night.plan import make_plan

SHOWN = 8  # complaints of a night
PROGRESS = 50  # nights


@dataclass(slots=True)
class Sweep:
    """What all nights together held."""

    nights: int = 0
    bad: list[int] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    totals: Counter[str] = field(default_factory=Counter)

    def add(self, played: Played, told: list[str]) -> None:
        """Count a night."""
        self.nights += 1
        if told:
            self.bad.append(played.plan.seed)
        self.faults.update(fault.kind for fault in played.plan.faults)
        facts = Facts(played)
        puts = [put for put in played.ledger.put if put.sent is not None]
        self.totals["starts of the daemon"] += len(played.ledger.lives)
        self.totals["events decided"] += len(puts)
        self.totals["of them on no disk at first"] += sum(not put.sent["durable"] for put in puts)
        self.totals["of them recovered after a kill"] += sum("recovered" in put.id for put in puts)
        self.totals["messages of events at the broker"] += len(played.broker.events)
        self.totals["pauses that had to be found"] += len(list(clear_pauses(facts)))
        self.totals["seconds deaf"] += round(sum(end - start for start, end in facts.lost))


def digest(played: Played) -> str:
    """Return what two plays of the same night have in common, to the byte."""
    return hashlib.sha256("\n".join(played.world.trace).encode()).hexdigest()[:16]


def main() -> int:
    """Play what the command line asks for; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="scripts/nights", description=__doc__)
    parser.add_argument("--seeds", default="0-9", help="a number, or FIRST-LAST (default 0-9)")
    parser.add_argument("--hours", type=float, default=8.0, help="length of a night (default 8)")
    parser.add_argument("--trace", action="store_true", help="print everything that happens")
    options = parser.parse_args()
    first, _, last = options.seeds.partition("-")
    sweep, began_s = Sweep(), time.perf_counter()
    for seed in range(int(first), int(last or first) + 1):
        for played in play(make_plan(seed, options.hours)):
            told = complaints(played)
            sweep.add(played, told)
            if options.trace:
                print("\n".join(played.world.trace))
            if told or int(last or first) - int(first) < 20:
                print(f"seed {seed}: {digest(played)}, {len(told)} complaints", flush=True)
            for each in told[:SHOWN]:
                print(f"    {each}", flush=True)
        if sweep.nights % PROGRESS == 0:
            print(f"{sweep.nights} nights, {len(sweep.bad)} bad", flush=True)
    seconds = time.perf_counter() - began_s
    counted = [f"{count} {name}" for name, count in sweep.totals.items()]
    faults = [f"{count} {kind}" for kind, count in sorted(sweep.faults.items())]
    print(f"{sweep.nights} nights of {options.hours:g} h in {seconds:.0f} s, {len(sweep.bad)} bad")
    print(f"    {', '.join(counted)}\n    faults: {', '.join(faults)}")
    if sweep.bad:
        print(f"    bad seeds: {sweep.bad}")
    return int(bool(sweep.bad))


if __name__ == "__main__":
    sys.exit(main())
