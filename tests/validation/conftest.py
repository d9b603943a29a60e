"""The shipped measurements are judged once for all tests."""

import pytest

from sim.validation import Judgement, validate


@pytest.fixture(scope="session")
def shipped() -> Judgement:
    return validate()
