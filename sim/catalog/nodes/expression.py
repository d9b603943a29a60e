"""A small language of whole numbers, as nodeadm reads it for `maxPodsExpression`; no Python.

A subset of Google's CEL: `+ - * / %`, comparisons, `&& || !`, `a ? b : c`, parentheses, and
`min()` and `max()`. nodeadm/internal/kubelet/eni_max_pods.go of amazon-eks-ami (2026).
"""

import operator
import re
from collections.abc import Callable, Mapping

_TOKEN = re.compile(
    r"\s*(?:(\d{1,9})(?!\d)|([A-Za-z_]\w*)|(&&|\|\||[<>=!]=|[-+*/%()<>!?:,]))", re.ASCII
)


def evaluated(text: str, variables: Mapping[str, int]) -> int:
    """The whole number that an expression comes to.

    Raises:
        ValueError: what is wrong, in words.
    """
    try:
        value = _Evaluation(_tokens(text), variables).whole()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return _number(value)


def is_expression(value: int | str | None) -> bool:
    """Whether it is nodeadm's `maxPodsExpression`, and no plain number for the kubelet."""
    return isinstance(value, str) and not value.strip().isdecimal()


class _Evaluation:
    """Reads an expression from left to right and works it out at once."""

    def __init__(self, tokens: list[str], variables: Mapping[str, int]) -> None:
        self._tokens = tokens
        self._variables = variables

    def whole(self) -> int | bool:
        """All of it."""
        value = self._choice()
        if self._tokens:
            raise ValueError(f"{self._tokens[0]!r} was not expected")
        return value

    def _choice(self) -> int | bool:
        """`a ? b : c`, which groups from the right."""
        value = self._level(0)
        if not self._took("?"):
            return value
        yes = self._choice()
        self._need(":")
        no = self._choice()
        return yes if _truth(value) else no

    def _level(self, level: int) -> int | bool:
        if level == len(_LEVELS):
            return self._sign()
        value = self._level(level + 1)
        while self._tokens and self._tokens[0] in _LEVELS[level]:
            apply = _LEVELS[level][self._tokens.pop(0)]
            right = self._level(level + 1)
            value = apply(value, right) if level < 2 else apply(_number(value), _number(right))
        return value

    def _sign(self) -> int | bool:
        if self._took("-"):
            return -_number(self._sign())
        return not _truth(self._sign()) if self._took("!") else self._atom()

    def _atom(self) -> int | bool:
        if not self._tokens:
            raise ValueError("it ends too early")
        token = self._tokens.pop(0)
        if token == "(":
            value = self._choice()
            self._need(")")
            return value
        if token.isdigit():
            return int(token)
        if token in _FUNCTIONS and self._took("("):
            return self._call(_FUNCTIONS[token])
        if token not in self._variables:
            raise ValueError(f"{token!r} was not expected")
        return self._variables[token]

    def _call(self, function: Callable[..., int]) -> int:
        values = [_number(self._choice())]
        while self._took(","):
            values.append(_number(self._choice()))
        self._need(")")
        return function(*values) if len(values) > 1 else values[0]

    def _took(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        self._tokens.pop(0)
        return True

    def _need(self, token: str) -> None:
        if not self._took(token):
            raise ValueError(f"{token!r} is missing")


def _tokens(text: str) -> list[str]:
    tokens, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise ValueError(f"{text[place:].strip()[0]!r} was not expected")
        tokens.append(match[0].strip())
        place = match.end()
    return tokens


def _number(value: int | bool) -> int:
    if isinstance(value, bool):
        raise ValueError("true or false stands where a number is needed")
    return value


def _truth(value: int | bool) -> bool:
    if not isinstance(value, bool):
        raise ValueError("a number stands where true or false is needed")
    return value


def _towards_0(a: int, b: int) -> int:
    if b == 0:
        raise ValueError("it divides by 0")
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _rest(a: int, b: int) -> int:
    return a - b * _towards_0(a, b)


_LEVELS: tuple[Mapping[str, Callable[[int, int], int | bool]], ...] = (
    {"||": lambda a, b: _truth(a) or _truth(b)},
    {"&&": lambda a, b: _truth(a) and _truth(b)},
    {
        "<": operator.lt,
        "<=": operator.le,
        ">": operator.gt,
        ">=": operator.ge,
        "==": operator.eq,
        "!=": operator.ne,
    },
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": _towards_0, "%": _rest},
)
"""Operators, loosest first."""
_FUNCTIONS: Mapping[str, Callable[..., int]] = {"min": min, "max": max}
