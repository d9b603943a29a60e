"""References of images, as far as they are kept."""

import re

LONGEST = 1000
"""Characters of a reference; registries take half as many."""
_ACCOUNT = re.compile(r"\b\d{12}\.(?=dkr\.ecr\b)")
_GAPS = re.compile(r"^\.+|(?<=\.)\.+(?=[^/]*/)")
"""Dots around what a template does not know before it is deployed: the account, the region."""


def without_account(reference: str | None) -> str | None:
    """A reference without the number of an AWS account, and None for nothing."""
    if reference is None:
        return None
    return _GAPS.sub("", _ACCOUNT.sub("", reference.strip()[:LONGEST]))[:500] or None
