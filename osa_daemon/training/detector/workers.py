"""Who does the work of many nights: processes of this machine, or a Dask cluster."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

from osa_daemon.errors import ResourceError

CONNECT_S = 30.0


@dataclass(frozen=True, slots=True)
class Workers:
    """`jobs` processes here, or all workers of the Dask scheduler at `dask` (tcp://host:8786).

    The workers of a cluster read the data and write the cache themselves, by the paths that they
    are given: both lie on a file system that all share. They need this version of osa_daemon with
    its `train` extra. A worker of one thread each is best (`--nthreads 1`).
    """

    jobs: int = 1
    dask: str | None = None

    def run(
        self, function: Callable[..., None], calls: Sequence[tuple[Any, ...]], label: str
    ) -> None:
        """Call `function` with each tuple of `calls`, in any order, with a progress bar.

        Raises:
            ResourceError: no scheduler answers at `dask`, or it has no worker.
            Exception: the first that a call raised; what has not begun by then is left.
        """
        if not calls:
            return
        with self._backend() as jobs:
            work = (delayed(function)(*call) for call in calls)
            done = Parallel(n_jobs=jobs, return_as="generator_unordered")(work)
            for _ in tqdm(done, total=len(calls), desc=label):
                pass

    @contextmanager
    def _backend(self) -> Iterator[int]:
        """Set up joblib's backend; give the number of jobs to ask it for."""
        if self.dask is None:
            yield self.jobs
            return
        import distributed  # noqa: PLC0415 - only a cluster needs it

        try:
            client = distributed.Client(self.dask, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ResourceError(
                f"No Dask scheduler answers at {self.dask} ({error}): start one with "
                "`dask scheduler` and name it as --dask tcp://HOST:8786."
            ) from error
        with client:
            if not client.ncores():
                raise ResourceError(
                    f"The Dask scheduler at {self.dask} has no worker: start some with "
                    "`dask worker`, on machines that share the data and the cache."
                )
            with parallel_config(backend="dask", client=client):
                yield -1
