"""From bytes to values: sources, YAML and JSON within bounds, and where each value stands."""
