"""Every verb that is killed, typed once: what is forked from here has it all imported.

Without, a process imports for most of its life, and few of the moments when it is killed lie in
its work.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from typed_verbs import KINDS, typed

for kind in KINDS:
    with TemporaryDirectory() as folder:
        typed(kind, Path(folder) / "out")
