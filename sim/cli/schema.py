"""`sim schema`: the JSON schema of scenario files, for editors."""

from sim.cli.screen import as_json

NAME = "schema"


def command() -> int:
    """The JSON schema of a scenario file."""
    from sim.scenario_file import schema

    as_json(schema())
    return 0
