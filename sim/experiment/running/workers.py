"""Where batches run: in this process, in processes of this machine, or on a Dask cluster.

All three are executors in the sense of `concurrent.futures`, so the engine does not know which
it has; and what a run gives does not depend on where it was made.
"""

from __future__ import annotations

import logging
import math
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent import futures
from concurrent.futures import BrokenExecutor, Future, InvalidStateError
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sim.core.names import shown
from sim.experiment.running.batch import Batch, Bundle, perform

if TYPE_CHECKING:
    from multiprocessing.util import Finalize

WORTH_STARTING, WORTH_WAKING = 4.0, 0.5
"""Seconds of work left from which worker processes pay: to be started (which takes about one), or
where they are there from a call before."""

SAYS_LITTLE = 0.1
"""Seconds up to which a first run says little of the others: what is made once is a part of it."""

LEAST_LEFT = 2
"""Runs left from which others can help: one alone takes as long there as here."""

A_MOMENT = 0.05
"""Seconds between two looks at whether processes are up."""

MOST_DEATHS = 3
"""Times that worker processes may die before the runs are given up."""

ADDRESS = re.compile(r"(tcp|tls|ucx|ws|wss)://\S+:[0-9]{1,5}")
"""Of a Dask scheduler."""

MOST_A_CORE = 8
"""Processes for each core; more only take memory from one another."""

CLOSES = 10.0
"""Seconds that a scheduler of ours may take to close: one whose workers have gone may never."""

GONE = "2s"
"""Time after which a scheduler of our own that does not answer has gone."""

IDLE = 60
"""Seconds after which worker processes that nobody needs go."""


class NoSuchWorkers(ValueError):  # noqa: N818 (it is what happened, in the user's words)
    """Workers that were asked for and cannot be had."""


class Executor(Protocol):
    """Runs batches, in this process or elsewhere."""

    @property
    def count(self) -> int:
        """How many run at once."""
        ...

    def submit(self, batch: Batch) -> Future[Bundle]: ...

    def close(self, *, failed: bool) -> None: ...


class InProcess:
    """This process: a batch has run when `submit` returns."""

    count = 1

    def submit(self, batch: Batch) -> Future[Bundle]:
        """Run it now; Ctrl-C is not kept for later."""
        future: Future[Bundle] = Future()
        try:
            future.set_result(perform(batch))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self, *, failed: bool) -> None:
        """Do nothing: no process was started."""


class ProcessPool:
    """Processes of this machine, which stay a minute for whoever needs them next (loky).

    Those that have imported an older text of the user's own modules are not used again.
    """

    idle_since = -math.inf
    """When the last call left its processes to the next one (clock of the machine, s)."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs
        self._own: Mapping[str, str] = {}
        self._executor: Any = None

    @property
    def count(self) -> int:
        """Processes."""
        return self.jobs

    def submit(self, batch: Batch) -> Future[Bundle]:
        """Run it in a free process."""
        future: Future[Bundle] = self._hand(batch.own, perform, batch)
        return future

    def _hand(self, own: Mapping[str, str], function: Callable[..., Any], *args: object) -> Any:
        """Let a process call a function; the first time it starts them."""
        if self._executor is None:
            self._own = own
            self.revive()
        with _deaf_to_ctrl_c():  # it starts the processes
            return self._executor.submit(function, *args)

    def revive(self) -> None:
        """New processes, also after one has died."""
        import loky

        with _silent_tidying():
            self._executor = loky.get_reusable_executor(
                self.jobs, timeout=IDLE, initializer=_begin, initargs=(os.getpid(), self._own)
            )
        _last_of_all(self._executor)

    def is_dead(self) -> bool:
        """Whether a thread of loky's has ended that hands out batches or takes their answers in.

        So it ends without memory, and what it should have told is waited for, for ever.
        """
        if self._executor is None:
            return False
        threads = (
            self._executor._executor_manager_thread,
            getattr(self._executor._call_queue, "_thread", None),
        )
        return any(thread is not None and not thread.is_alive() for thread in threads)

    def give_up(self, pending: Iterable[Future[Bundle]]) -> None:
        """Take its batches for lost, and end its processes."""
        _end(self._executor, wait=False)
        for future in pending:
            with suppress(InvalidStateError):  # it was told after all
                future.set_exception(BrokenExecutor("nobody is left who takes answers in"))

    def close(self, *, failed: bool) -> None:
        """Leave the processes to the next call, or end what they are doing."""
        ProcessPool.idle_since = -math.inf if failed else time.monotonic()
        if failed and self._executor is not None:
            self._executor.shutdown(wait=False, kill_workers=True)


def _last_of_all(executor: Any) -> None:
    """Tell the workers to go before this process ends.

    A process of `multiprocessing` first closes the queue through which loky would tell them, and
    then waits for them for ever.
    """
    from multiprocessing.util import Finalize

    for older in _ENDS:
        older.cancel()
    _ENDS[:] = [Finalize(None, _end, (executor,), exitpriority=BEFORE_QUEUES)]


def _end(executor: Any, *, wait: bool = True) -> None:
    """End its processes, also where the thread of loky's is not left that would."""
    processes = dict(executor._processes or {})
    try:  # else those that an interrupt wants killed would be spared
        executor.shutdown(wait=wait, kill_workers=True)
    finally:
        for pid, process in processes.items():  # its own: a notebook may have others of loky's
            if process.is_alive():
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


_ENDS: list[Finalize] = []
BEFORE_QUEUES = 100
"""Those of `multiprocessing` are closed at 10 and less."""


class StartingPool(ProcessPool):
    """The same, while this process goes on until one of them is up.

    Nobody waits while they start, so a question is answered no later than by one process.
    """

    def __init__(self, jobs: int) -> None:
        super().__init__(jobs)
        self._first: Future[int] | None = None
        """What the first of them says when it is up."""

    @property
    def up(self) -> bool:
        """Whether one has answered."""
        return self._first is not None and self._first.done()

    @property
    def count(self) -> int:
        """This process, and then those."""
        return self.jobs if self.up else 1

    def start(self, own: Mapping[str, str]) -> None:
        """Let the processes begin, unless they have begun."""
        if self._first is None:
            self._first = self._hand(own, os.getpid)

    def submit(self, batch: Batch) -> Future[Bundle]:
        """Run it here as long as none of them is up."""
        self.start(batch.own)
        return super().submit(batch) if self.up else InProcess().submit(batch)

    def close(self, *, failed: bool) -> None:
        """Leave them to the next call, which need not wait for them either."""
        if self.up or failed:
            super().close(failed=failed)


@contextmanager
def _deaf_to_ctrl_c() -> Iterator[None]:
    """Processes that begin within the block never get Ctrl-C.

    A terminal sends it to them, too, while they still import what would let them ignore it.
    What `multiprocessing` begins before its first process would let it through again.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _silent_tidying() -> Iterator[None]:
    """What tidies up behind processes that begin within the block does not complain of it.

    It is loky's own process, and takes its warnings from the options of this one; after an
    interrupt there are always semaphores left.
    """
    before = sys.warnoptions[:]
    sys.warnoptions.append("ignore:resource_tracker")
    try:
        yield
    finally:
        sys.warnoptions[:] = before


def _begin(parent: int, own: Mapping[str, str]) -> None:  # noqa: ARG001 (processes are of one text)
    """Leave Ctrl-C to the process that keeps the books, and go when it has gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_go_with, args=(parent,), daemon=True).start()


def _go_with(parent: int) -> None:
    """A worker whose parent was killed has nobody left who would end it."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


class DaskCluster:
    """Workers of a Dask scheduler; one that dies is replaced by another, which runs it again."""

    def __init__(self, address: str, jobs: int | None) -> None:
        try:
            import distributed
        except ImportError as error:
            raise NoSuchWorkers(
                "cluster: Dask is not installed; pip install berthsim[cluster]"
            ) from error
        # What it would log of a scheduler that has gone is said in a sentence, and raised.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self._own = _local_cluster(jobs) if address == "local" else None
        self._client = self._connect(distributed, address)
        self._executor: futures.Executor = self._client.get_executor(pure=False)

    @property
    def count(self) -> int:
        """Runs at once, as many as its workers have threads; they may come and go."""
        return max(1, sum(map(int, self._client.nthreads().values())))

    def submit(self, batch: Batch) -> Future[Bundle]:
        """Run it wherever the scheduler wants."""
        return self._executor.submit(perform, batch)

    def close(self, *, failed: bool) -> None:  # noqa: ARG002 (what is not wanted is forgotten)
        """Disconnect; a scheduler of ours that has gone is not waited for, here or at the end."""
        from dask import config
        from distributed import Status

        self._client.close()
        if self._own is not None:
            try:
                with config.set({"distributed.comm.timeouts.connect": GONE}):
                    self._own.close(timeout=CLOSES)
            except OSError:  # too long, also
                self._own.status = Status.closed

    def _connect(self, distributed: Any, address: str) -> Any:
        if self._own is None and not ADDRESS.fullmatch(address):
            raise ConnectionError(
                f"cluster: {shown(address)} is not allowed; the address of a Dask scheduler such "
                f"as tcp://10.0.0.1:8786, or local"
            )
        if self._own is None:
            _knock(address)
        try:
            client = distributed.Client(self._own or address, timeout=10, set_as_default=False)
            client.wait_for_workers(1, timeout=30)
        except Exception as error:  # an address that is none may raise anything
            reason = "it has no worker" if isinstance(error, TimeoutError) else error
            raise ConnectionError(f"cluster: {address!r} cannot be used; {reason}") from error
        return client


def _knock(address: str) -> None:
    """See that somebody listens there: a client that finds nobody ends in a traceback of its own.

    Raises:
        ConnectionError: nobody does.
    """
    host, _, port = address.partition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10.0).close()
    except (OSError, ValueError, OverflowError) as error:  # a host or a port that cannot be
        why = f"nobody answers there ({getattr(error, 'strerror', None) or error})".lower()
        raise ConnectionError(f"cluster: {address!r} cannot be used; {why}") from error


def _local_cluster(jobs: int | None) -> Any:
    """Scheduler and workers in processes that do not import the caller's script.

    They go when they are idle, should this process be killed.
    """
    from distributed.deploy.subprocess import SubprocessCluster

    logging.getLogger("tornado.application").setLevel(logging.CRITICAL)  # as the client's
    with _deaf_to_ctrl_c():
        return SubprocessCluster(
            n_workers=jobs,
            threads_per_worker=1,
            dashboard_address=None,  # type: ignore[arg-type]
            silence_logs=logging.CRITICAL,
            scheduler_kwargs={"idle_timeout": f"{IDLE} s"},
            worker_kwargs={"dashboard": False},
        )


class Where(NamedTuple):
    """Where runs are made and kept, unless a call says otherwise."""

    jobs: int | None = None
    cluster: str | None = None
    out: str | os.PathLike[str] | None = None


NOWHERE = Where()
WHERE: ContextVar[Where] = ContextVar("where", default=NOWHERE)


@contextmanager
def using(
    jobs: int | None = None,
    cluster: str | None = None,
    out: str | os.PathLike[str] | None = None,
) -> Iterator[None]:
    """Within the block runs are made there and kept in `out`, unless a call says otherwise."""
    token = WHERE.set(Where(jobs, cluster, out))
    try:
        yield
    finally:
        WHERE.reset(token)


class Workers:
    """A place to run batches, which may grow while they run.

    Args:
        jobs: processes of this machine; None: this one as long as that is quicker, else one for
            each core.
        cluster: `local`, or the address of a Dask scheduler such as `tcp://10.0.0.1:8786`.

    Raises:
        NoSuchWorkers: `jobs` is out of range, or Dask is not installed.
        ConnectionError: there is no such cluster.
    """

    def __init__(self, jobs: int | None, cluster: str | None) -> None:
        if jobs is None and cluster is None:
            jobs, cluster, _ = WHERE.get()
        most = MOST_A_CORE * (os.cpu_count() or 1)
        if jobs is not None and not 1 <= jobs <= most:
            raise NoSuchWorkers(f"jobs: {shown(jobs)} is not allowed; 1 to {most} on this machine")
        if jobs is not None and cluster not in (None, "local"):
            raise NoSuchWorkers(f"jobs: a cluster at {cluster!r} has as many workers as it has")
        if (jobs not in (None, 1) or cluster == "local") and not _may_begin():
            raise NoSuchWorkers(
                "jobs: the present folder was removed, and no process begins there; cd to another"
            )
        self._may_grow = jobs is None and cluster is None and _may_begin()
        self._executor = _chosen(jobs, cluster)
        self._starting: StartingPool | None = None
        """Those that a long run was a reason to start."""
        self._deaths = 0

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._executor.close(failed=kind is not None)

    @property
    def count(self) -> int:
        """How many batches run at once."""
        return self._executor.count

    def submit(
        self, batch: Batch, left: int = 0, hand_out: Callable[[], object] = lambda: None
    ) -> Future[Bundle]:
        """Run a batch, now or later.

        Args:
            left: runs that come after it.
            hand_out: submits some of them. It is called from another thread where this process
                is still busy with the batch, and others are up.
        """
        here = self._executor
        if not (self._may_grow and left):
            return here.submit(batch)
        over, like_it = Event(), left / len(batch.runs)
        helper = Thread(target=self._help, args=(over, batch.own, like_it, hand_out), daemon=True)
        helper.start()
        try:
            return here.submit(batch)
        finally:
            over.set()
            helper.join()

    def _help(
        self, over: Event, own: Mapping[str, str], like_it: float, hand_out: Callable[[], object]
    ) -> None:
        """Let processes begin where a batch turns out to be long, and give them the next ones.

        Long by the CPU that it has had: a busy machine is no reason to start more.

        Args:
            like_it: batches of as many runs that come after it.
        """
        begun = time.process_time()
        if over.wait(max(SAYS_LITTLE, 1.25 * WORTH_STARTING / like_it)):
            return
        if (time.process_time() - begun) * like_it < WORTH_STARTING or _cores() < 2:
            return
        self._starting = pool = StartingPool(_cores())
        pool.start(own)
        while not pool.up:
            if over.wait(A_MOMENT):
                return
        self._may_grow, self._executor = False, pool
        with suppress(ChildProcessError):  # whoever waits for their answers will be told
            hand_out()

    def grow(self, each: float, left: int) -> None:
        """One process for each core, where enough is left: several runs, so many seconds each."""
        there = time.monotonic() - ProcessPool.idle_since < IDLE / 2
        worth = WORTH_WAKING if there else WORTH_STARTING
        if not self._may_grow or left < LEAST_LEFT or each * left < worth:
            return
        self._may_grow = False
        cores = _cores()
        if cores > 1:
            self._executor = self._starting or (ProcessPool if there else StartingPool)(cores)

    def explain(self, error: Exception) -> None:
        """Say more of a run that could not be made, where the place is to blame.

        Raises:
            ChildProcessError: the workers of a cluster keep dying.
            ConnectionError: a cluster cannot read what it is sent.
        """
        if type(error).__name__ == "KilledWorker":  # Dask's own name for it
            raise ChildProcessError(
                "cluster: its workers keep dying (out of memory?); fewer threads each may help"
            ) from error
        unread = isinstance(error, ImportError) or "deserialization" in str(error)
        if unread and isinstance(self._executor, DaskCluster):
            raise ConnectionError(
                "cluster: it cannot read the scenario; scheduler and workers need the same Python "
                "and berthsim, and your own modules"
            ) from error

    def look_after(self, pending: Iterable[Future[Bundle]]) -> None:
        """Take batches for lost that nobody is left to hear of."""
        if isinstance(self._executor, ProcessPool) and self._executor.is_dead():
            self._executor.give_up(pending)

    def revive(self, error: BrokenExecutor) -> None:
        """Go on after a worker process has died; its runs have to be made again.

        Raises:
            ChildProcessError: that happens again and again.
        """
        self._deaths += 1
        if self._deaths >= MOST_DEATHS or not isinstance(self._executor, ProcessPool):
            raise ChildProcessError(
                "jobs: worker processes keep dying (out of memory?); fewer jobs may help"
            ) from error
        self._executor.revive()


def _may_begin() -> bool:
    """Whether processes can begin in the present folder: it may have been removed."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _cores() -> int:
    """Processes that run at once on this machine."""
    import loky

    return int(loky.cpu_count())


def _chosen(jobs: int | None, cluster: str | None) -> Executor:
    if cluster is not None:
        return DaskCluster(cluster, jobs)
    return InProcess() if jobs in (None, 1) else ProcessPool(jobs)
