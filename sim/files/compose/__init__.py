"""Compose files, as docker compose merges and reads them."""
