"""Processes that begin with everything imported: what they do is tested, not how they begin."""

import multiprocessing
import os
import sys
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext

import pytest

PRELOADED = ["runs", "begun_before", "typed_verbs"]


@cache
def forked(*more: str) -> ForkServerContext:
    """Where such processes come from; with more that is imported, if they are the first.

    Their server finds only what Python's path names: it swallows what it cannot import, and each
    process would then import everything for itself.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*PRELOADED, *more])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()
    return context
