"""A virtual microphone for services of a `BootedMachine`: started inside, until it is ended."""

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.system.soundserver import SoundServer

if __name__ == "__main__":
    server = SoundServer(Path(sys.argv[1]))
    server.start()
    print("ready", flush=True)
    signal.pause()
