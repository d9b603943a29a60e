"""Scenario files: YAML with names of the catalogue, into the descriptions that run."""

from sim.scenario_file.load import BadFile, Loaded, load_scenario, schema
from sim.scenario_file.schema import ScenarioFile

__all__ = ["BadFile", "Loaded", "ScenarioFile", "load_scenario", "schema"]
