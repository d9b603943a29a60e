"""What verbs draw, which tests of pictures look at."""

import pytest


@pytest.fixture(autouse=True)
def _pictures(dotless: None) -> None:
    """Without dots."""
