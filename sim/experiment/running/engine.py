"""Making runs: batches to workers, bundles to a store, until as many are there as are needed."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from contextlib import contextmanager
from itertools import islice
from threading import Event, Thread
from typing import Protocol

from sim.ctrl_c import CtrlC, noted
from sim.experiment.running.batch import Batch, Bundle, RunKey
from sim.experiment.running.own_code import code_digest, own_code
from sim.experiment.running.progress import progress, say
from sim.experiment.running.run import Runnable, RunRow, UnderWay
from sim.experiment.running.stopping import Target
from sim.experiment.running.workers import SAYS_LITTLE, Workers

BATCH_SECONDS = 1.0
"""Work in one batch: enough to drown the cost of sending it, little enough to lose."""

SILENCE = 60.0
"""Seconds without a finished run after which those under way are named, then twice as many."""


LOOK = 1.0
"""Seconds between two looks at whether those who make the runs are still there."""


class RunStore(Protocol):
    """Where finished runs go."""

    def add(self, bundle: Bundle) -> None: ...

    def rows(self) -> Iterable[RunRow]:
        """Rows of the runs that are there already."""
        ...


class Engine:
    """Makes the runs that are missing.

    Args:
        scenarios: by variant.
        target: how many replications of each.
        tables: whether spans and samples are wanted, or only the row of each run.
        what: beside the progress bar.
        own: fingerprints of the user's own modules in the scenarios; None: they are looked for.
    """

    def __init__(
        self,
        scenarios: Mapping[str, Runnable],
        *,
        seed: int,
        target: Target,
        store: RunStore,
        workers: Workers,
        tables: bool = True,
        what: str = "simulating",
        own: Mapping[str, str] | None = None,
    ) -> None:
        self.scenarios = scenarios
        self.seed = seed
        self.target = target
        self.store = store
        self.workers = workers
        self.tables = tables
        self.what = what
        self._variants = list(scenarios)
        self._own = own_code(scenarios.values()).modules if own is None else own
        self._pending: dict[Future[Bundle], Batch] = {}
        self._next = 0
        """The next run in the order of replications; variants take turns."""
        self._sent: tuple[RunKey, ...] = ()
        """Those handed out last; this process may be making them itself."""
        self._again: list[RunKey] = []
        """Runs that were lost with their worker."""
        self._made, self._seconds = 0, 0.0
        self._ctrl_c = CtrlC()
        self._done: set[RunKey] = set()
        for row in store.rows():
            self._done.add((row["variant"], row["run"]))
            target.saw(row)

    @property
    def wanted(self) -> int:
        """Runs that are needed, as far as is known."""
        return self.target.needed * len(self._variants)

    def run(self) -> None:
        """Until nothing is missing.

        Raises:
            ChildProcessError: worker processes keep dying.
            ConnectionError: the cluster has gone.
        """
        there = sum(number < self.target.needed for _, number in self._done)
        with (
            progress(self.what, "run", total=self.wanted, done=there) as bar,
            self._watched(),
            noted() as self._ctrl_c,
        ):
            while self._hand_out():
                finished = self._take_in()
                bar.total = self.wanted
                bar.update(finished)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Whatever hangs has a name: say which runs are under way where none ends for long."""
        ended = Event()
        Thread(target=self._watch, args=(ended,), daemon=True).start()
        try:
            yield
        finally:
            ended.set()

    def _watch(self, ended: Event) -> None:
        made, silence = self._made, SILENCE
        while not ended.wait(silence):
            if self._made > made:
                made, silence = self._made, SILENCE
                continue
            say(f"no run has ended for {silence:g} s; {self._under_way()}")
            silence *= 2.0

    def _under_way(self) -> str:
        batches = [batch.runs for batch in self._pending.values()] or [self._sent]
        runs = list(dict.fromkeys(key for keys in batches for key in keys))
        named = ", ".join(f"run {number} of {variant}" for variant, number in runs[:3])
        more = f" and {len(runs) - 3} more" if len(runs) > 3 else ""
        far = UnderWay.told()
        return f"under way or waiting: {named}{more}" + (f" ({far})" if far else "")

    def _hand_out(self) -> bool:
        """Keep every worker busy, with one batch waiting; false when all is done."""
        first = self._made == 1 and self._seconds < SAYS_LITTLE
        self.workers.grow(0.0 if first else self._each, self._left)
        self._fill()
        return bool(self._pending)

    @property
    def _each(self) -> float:
        """Seconds that a run took in the mean; 0 before the first, and where a clock is coarse."""
        return self._seconds / self._made if self._made else 0.0

    def _fill(self) -> None:
        """What `_hand_out` hands out; also while this process is busy with a long run."""
        each, workers = self._each, self.workers.count
        while len(self._pending) < (2 * workers if workers > 1 else 1):
            share = -(-(self.wanted - self._next) // (2 * workers))
            size = max(1, min(share, int(BATCH_SECONDS / each))) if each else 1
            keys = tuple(islice(self._missing(), size))
            if not keys:
                break
            self._submit(keys)

    @property
    def _left(self) -> int:
        """Runs that nobody has been given."""
        return self.wanted - self._next + len(self._again)

    def _missing(self) -> Iterator[RunKey]:
        """Runs that nobody makes yet."""
        while self._again:
            yield self._again.pop()
        while self._next < self.wanted:
            number, place = divmod(self._next, len(self._variants))
            self._next += 1
            key = (self._variants[place], number)
            if key not in self._done:
                yield key

    def _submit(self, keys: tuple[RunKey, ...]) -> None:
        scenarios = {variant: self.scenarios[variant] for variant, _ in keys}
        self._sent = keys
        batch = Batch(keys, scenarios, self.seed, code_digest(), self._own, self.tables)
        try:
            self._pending[self.workers.submit(batch, self._left, self._fill)] = batch
        except BrokenExecutor as error:
            self._again += keys
            self.workers.revive(error)

    def _take_in(self) -> int:
        """Wait for a batch or more, keep what they gave, and say how many runs that was."""
        finished, broken = 0, None
        for future in self._ended():
            batch = self._pending.pop(future)
            try:
                bundle = future.result()
            except BrokenExecutor as error:
                self._again += batch.runs
                broken = error
                continue
            except CancelledError as error:
                raise ConnectionError("cluster: its scheduler has gone") from error
            except Exception as error:
                self.workers.explain(error)
                raise
            self._keep(bundle)
            finished += len(bundle.rows)
        if broken is not None:
            self.workers.revive(broken)
        return finished

    def _ended(self) -> Iterable[Future[Bundle]]:
        """Batches that have ended; that somebody is there to tell of it is looked at meanwhile."""
        while not (done := wait(self._pending, LOOK, FIRST_COMPLETED).done):
            self.workers.look_after(self._pending)
            if self._ctrl_c.came:
                raise KeyboardInterrupt
        return done

    def _keep(self, bundle: Bundle) -> None:
        self._made += len(bundle.rows)
        self._seconds += bundle.seconds
        self.store.add(bundle)
        for row in bundle.rows:
            self.target.saw(row)
