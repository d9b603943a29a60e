"""Worker processes of a test, which take longer to begin than the runs they make."""

from typing import Any

import loky
import pytest


@pytest.fixture
def one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the processes that are asked for, one begins: for what does not hang on how many."""
    whole = loky.get_reusable_executor

    def one(_: int = 1, **rest: Any) -> Any:
        return whole(1, **rest)

    monkeypatch.setattr(loky, "get_reusable_executor", one)
