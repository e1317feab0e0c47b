"""`python -m osa_daemon` is the same as `osa-daemon`."""

import sys

from osa_daemon.cli import main

sys.exit(main())
