"""The shipped measurements are judged once for all tests."""

import os
import pickle

import pytest
from filelock import FileLock

from sim.validation import Judgement, validate


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Judgement:
    """Of all processes that test, the first one judges; the others read what it found."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return validate()
    kept = tmp_path_factory.getbasetemp().parent / "shipped.pickle"
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            kept.write_bytes(pickle.dumps(validate()))
    judged: Judgement = pickle.loads(kept.read_bytes())
    return judged
