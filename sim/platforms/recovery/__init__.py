"""Faults and what follows: who notices, when, and what is begun in place of what was lost."""
