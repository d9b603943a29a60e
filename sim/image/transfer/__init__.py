"""Images on the move: registries, pulls and pushes, and the store of layers on a host."""
