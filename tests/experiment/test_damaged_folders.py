"""A folder of a run that somebody or something has damaged: its answer, or a sentence."""

import shutil
import time
from pathlib import Path

import pytest
from folder_mutants import damaged

import sim
from sim import catalog


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with samples."""
    scenario = sim.Scenario(
        name="a",
        platform=catalog.docker(catalog.machine("m5.xlarge")),
        arrivals=(sim.Burst(service=catalog.service("node"), tasks=2),),
        sample_every=1.0,
    )
    folder = sim.replicate(scenario, times=2, jobs=1, out=tmp_path_factory.mktemp("good")).folder
    assert folder is not None
    return folder


def attack(good: Path, folder: Path, seeds: range) -> int:
    """Load so many damaged ones; how many are refused."""
    refused = 0
    for seed in seeds:
        what = damaged(good, folder / "a", seed)
        begun = time.process_time()
        try:
            results = sim.load(folder / "a")
            assert len(results.runs) == 2, what
            assert len(results.samples), what
            assert results.sentence().startswith("All 4 starts became ready"), what
        except (ValueError, OSError) as error:
            refused += 1
            assert 0 < len(str(error)) < 2000, what
            assert not isinstance(error, UnicodeError), what
            assert "codec" not in str(error), what
        except Exception as error:
            raise AssertionError(what) from error
        assert time.process_time() - begun < 5.0, what
        shutil.rmtree(folder / "a")
    return refused


def test_a_damaged_folder_is_its_answer_or_a_sentence(good: Path, tmp_path: Path) -> None:
    """What cannot be told from what was written is refused; a large file of nothing at once."""
    assert attack(good, tmp_path, range(25)) > 10


@pytest.mark.long
@pytest.mark.parametrize("part", range(5))
def test_a_thousand_damaged_folders(good: Path, tmp_path: Path, part: int) -> None:
    """The same, for long."""
    assert attack(good, tmp_path, range(1000 + 200 * part, 1200 + 200 * part)) > 80
