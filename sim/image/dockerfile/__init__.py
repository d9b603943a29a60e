"""Dockerfiles: parsed, their context copied, built in stages with a cache."""
