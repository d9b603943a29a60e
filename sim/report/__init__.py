"""One page of a run: its answer, its figures and its tables, in one file that loads nothing."""
