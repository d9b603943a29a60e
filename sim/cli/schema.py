"""`sim schema`: the JSON schema of scenario files, for editors."""

from sim.cli.screen import as_json


def command() -> int:
    """Print it."""
    from sim.scenario_file import schema

    as_json(schema())
    return 0
