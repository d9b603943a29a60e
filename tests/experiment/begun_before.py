"""One run, so that what is imported at first use is imported before a process is forked."""

from importlib import import_module

from runs import scenario

from sim.experiment import replicate

for name in ("pyarrow.parquet", "pandas", "sim.cli.app"):
    import_module(name)
replicate(scenario(), times=1, jobs=1)
