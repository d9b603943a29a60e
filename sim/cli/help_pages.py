"""The help of each verb, kept beside the code: it is printed before pydantic could be imported.

What is kept are words (`sim.cli.help_making` makes them); they are broken into lines when they are
printed. A test compares them with the options as they are.
"""

import json
from pathlib import Path
from typing import Any, NamedTuple

from sim.cli.help import VerbCommand, write

KEPT = Path(__file__).with_name("help_pages.json")


class HelpPage(NamedTuple):
    """What the help of a verb says, apart from its examples."""

    usage: list[str]
    """What stands behind the name of the verb."""
    groups: dict[str, list[tuple[str, str]]]
    """By heading, options with what they mean."""


class KeptHelp(VerbCommand):
    """A verb of which there is only its help."""

    page = HelpPage([], {})

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """As they are kept."""
        del ctx
        return self.page.usage

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """As they are kept."""
        del ctx
        write(formatter, self.page.groups)


def kept(verb: str, answers: str) -> KeptHelp | None:
    """The help of a verb; None where none is kept.

    Args:
        answers: what the verb answers.
    """
    try:
        page = json.loads(KEPT.read_bytes()).get(verb)
    except (OSError, ValueError):
        return None
    if page is None:
        return None
    command = KeptHelp(verb, help=answers, rich_markup_mode=None)
    groups = {heading: [*map(tuple, rows)] for heading, rows in page["groups"].items()}
    command.page = HelpPage(page["usage"], groups)
    return command
