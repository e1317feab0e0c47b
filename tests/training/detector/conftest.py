"""The shipped encoder, and nights of synthesised breaths: they need no data folder."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from osa_daemon.service.models import models_folder

PATIENT_S = 300.0  # a busy machine starts workers slowly


@pytest.fixture(scope="session")
def encoder_path() -> Path:
    """The encoder that is shipped."""
    return models_folder() / "encoder.onnx"


@pytest.fixture
def start_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Starts Dask clusters of this machine, returns their addresses, and ends them."""
    dask = pytest.importorskip("dask")
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("osa_daemon.training.detector.workers.CONNECT_S", PATIENT_S)
    patience = {f"distributed.comm.timeouts.{what}": PATIENT_S for what in ("connect", "tcp")}
    with ExitStack() as stack:
        stack.enter_context(dask.config.set(patience))

        def start(workers: int, *, processes: bool) -> str:
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=processes,
                dashboard_address=None,
                host="127.0.0.1" if processes else None,
            )
            return stack.enter_context(cluster).scheduler_address

        yield start
