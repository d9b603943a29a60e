"""Calls of services whose sizes stand in another file: written beside it, or seen in it."""
