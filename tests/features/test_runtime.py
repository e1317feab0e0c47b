"""How model files are opened."""

import os
import subprocess
import sys

from osa_daemon.features.runtime import open_model


def test_runs_on_one_thread(encoder_path):
    """A session has one thread, within an operator and between them."""
    model = open_model(encoder_path, "osa-daemon-encoder", "1")
    options = model.session.get_session_options()
    assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_leaves_no_trace(encoder_path, tmp_path):
    """Opening a model switches telemetry off first, and writes nothing into the home folder."""
    code = (
        "import os, sys; from pathlib import Path; from osa_daemon.features.runtime import "
        "open_model; assert 'onnxruntime' not in sys.modules; "
        "open_model(Path(sys.argv[1]), 'osa-daemon-encoder', '1'); "
        "print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    environment = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    found = subprocess.run(
        [sys.executable, "-c", code, str(encoder_path)],
        env={**environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "1"
    assert list(tmp_path.iterdir()) == []
