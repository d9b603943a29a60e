"""Estimates with intervals, paired differences, sensitivity and steady state."""
