"""The help of each verb, kept beside the code: it is printed before pydantic could be imported.

    python -m sim.cli.help_pages       # make it anew, where an option has changed

What is kept are words; they are broken into lines when they are printed. A test compares them with
the options as they are.
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


def pages() -> str:
    """The help of all verbs as their options are now, a verb a line."""
    from sim.cli.app import VERBS, made

    lines = [f"{json.dumps(verb)}: {json.dumps(_page(made(verb))._asdict())}" for verb in VERBS]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _page(verb: Any) -> HelpPage:
    ctx = verb.context_class(verb, info_name=verb.name)
    return HelpPage(verb.collect_usage_pieces(ctx), verb.option_groups(ctx))


if __name__ == "__main__":
    KEPT.write_text(pages(), encoding="utf-8")
