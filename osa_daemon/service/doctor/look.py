"""`osa-daemon doctor` alone: one line for each thing that can keep the daemon from its work."""

import json
from argparse import Namespace

from osa_daemon.errors import EXIT_OK, EXIT_RESOURCE, EXIT_USAGE
from osa_daemon.service.doctor.examination import Examination
from osa_daemon.service.doctor.finding import Verdict, rows


def look_command(arguments: Namespace) -> int:
    """Print the findings as they are made.

    Exit code 2 where the settings are wrong, else 4 where a finding is bad.
    """
    examination = Examination.begin(arguments.config)
    seen = []
    for finding in examination.findings():
        seen.append(finding)
        if not arguments.json:
            print(finding, flush=True)
    if arguments.json:
        print(json.dumps({"v": 1, "findings": rows(seen)}, ensure_ascii=False))
    if examination.loaded is None:
        return EXIT_USAGE
    return EXIT_RESOURCE if any(f.verdict is Verdict.BAD for f in seen) else EXIT_OK
