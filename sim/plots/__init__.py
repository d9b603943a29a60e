"""Figures, a module each: a tidy table in, matplotlib `Axes` out; never pyplot, so none leaks."""
