"""Estimates from starts: what a phase takes, and how that stands up to starts not looked at."""
