"""Many sandboxes started at once on one host: the measured start storms of runtimes.

A model of its own: the platforms start their containers without it (decision 0020).
"""
