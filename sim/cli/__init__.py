"""The command line: a module a verb."""


def main() -> None:
    """Entry point of `sim` and `berthsim`."""
    from sim.cli.app import app

    app()
