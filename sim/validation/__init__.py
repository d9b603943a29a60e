"""The model beside real measurements, with its errors shown."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.validation.case import Case, groups
    from sim.validation.judging import Judgement, validate
    from sim.validation.table import BadData

__all__ = ["BadData", "Case", "Judgement", "groups", "validate"]

facade(__name__)
