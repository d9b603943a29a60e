"""Tests, laid out as `sim/` is."""
