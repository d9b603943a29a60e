"""The model beside real measurements, with its errors shown."""

from sim.validation.case import Case, groups
from sim.validation.judging import Judgement, validate
from sim.validation.table import BadData

__all__ = ["BadData", "Case", "Judgement", "groups", "validate"]
