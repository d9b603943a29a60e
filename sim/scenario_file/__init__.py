"""Scenario files: YAML with names of the catalogue, into the descriptions that run."""

from typing import TYPE_CHECKING

from sim.facade import facade

if TYPE_CHECKING:
    from sim.scenario_file.json_schema import schema
    from sim.scenario_file.load import BadFile, Loaded, load_scenario
    from sim.scenario_file.schema import ScenarioFile

__all__ = ["BadFile", "Loaded", "ScenarioFile", "load_scenario", "schema"]

facade(__name__)
