"""Scenarios and their runs, in this process, in several, or on a cluster."""
