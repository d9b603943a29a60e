"""Benchmarks: CPU time as a multiple of a floor or a peer measured in the same process."""
