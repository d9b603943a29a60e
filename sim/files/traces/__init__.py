"""Traces of users: which service calls which, how often, and how long each works itself."""
