"""The kernel of this machine, measured and judged."""
