"""References of images, as far as they are kept."""

import re

_ACCOUNT = re.compile(r"\b\d{12}\.(?=dkr\.ecr\b)")


def without_account(reference: str | None) -> str | None:
    """A reference without the number of an AWS account, and None for nothing."""
    if reference is None:
        return None
    return _ACCOUNT.sub("", reference.strip())[:500] or None
