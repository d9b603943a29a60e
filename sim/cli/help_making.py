"""The help of all verbs, made anew where an option has changed:

python -m sim.cli.help_making
"""

import json
from typing import Any

from sim.cli.app import VERBS, made
from sim.cli.help_pages import KEPT, HelpPage


def pages() -> str:
    """The help of all verbs as their options are now, a verb a line."""
    lines = [f"{json.dumps(verb)}: {json.dumps(_page(made(verb))._asdict())}" for verb in VERBS]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _page(verb: Any) -> HelpPage:
    ctx = verb.context_class(verb, info_name=verb.name)
    return HelpPage(verb.collect_usage_pieces(ctx), verb.option_groups(ctx))


if __name__ == "__main__":
    KEPT.write_text(pages(), encoding="utf-8")
