"""The daemon, which does not start before the file that ONCE names is there."""

import os
import sys
from pathlib import Path

if not Path(os.environ["ONCE"]).exists():
    sys.exit(1)

from osa_daemon.cli import main

sys.exit(main(["run", *sys.argv[1:]]))
