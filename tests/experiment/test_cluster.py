"""Dask: the same call, the same tables, and a worker that dies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from runs import DiesOnce, assert_same, pair, scenario

from sim.experiment import compare, replicate

pytestmark = pytest.mark.filterwarnings("default")  # Dask's packages warn about one another


@pytest.fixture
def address() -> Iterator[str]:
    """A real scheduler, with two workers that are threads of this process: quick to start."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    ) as cluster:
        yield cluster.scheduler_address


def test_a_dask_cluster_gives_the_tables_of_one_process(address: str, tmp_path: Path) -> None:
    """By its address; in a folder, too."""
    one = compare(pair(), times=6, seed=2, jobs=1)

    assert_same(compare(pair(), times=6, seed=2, cluster=address, out=tmp_path), one)


def test_a_cluster_that_is_not_there_is_named() -> None:
    """Before anything is run."""
    distributed = pytest.importorskip("distributed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distributed, "Client", _no_one)
        with pytest.raises(ConnectionError, match=r"'tcp://127\.0\.0\.1:9' cannot be used"):
            replicate(scenario(), times=1, cluster="tcp://127.0.0.1:9")


def _no_one(*_: object, **__: object) -> None:
    raise OSError("Timed out trying to connect")


@pytest.mark.long
def test_runs_of_a_dask_worker_that_is_killed_are_made_again_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two worker processes, one of which is killed while it runs."""
    here = Path(__file__).parent
    monkeypatch.setenv("PYTHONPATH", f"{here}:{here.parent}")  # of `runs` and `worlds`
    dying = scenario(DiesOnce(mark=tmp_path / "died"))
    disturbed = replicate(dying, times=40, cluster="local", jobs=2)

    assert (tmp_path / "died").exists()
    assert_same(disturbed, replicate(dying, times=40, jobs=1))


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp://", "http://x:1", "inproc://x", "", "tcp://x"]
)
def test_what_is_no_address_is_refused_before_anybody_is_asked(address: str) -> None:
    """In words that say what an address is."""
    with pytest.raises(ConnectionError, match=r"is not allowed; the address of a Dask scheduler"):
        replicate(scenario(), times=1, cluster=address)
