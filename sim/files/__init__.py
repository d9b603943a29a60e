"""Scenario files: YAML with names of the catalogue, into the descriptions that run."""

from sim.files.reading import BadFile, Loaded, load_scenario, schema
from sim.files.scenario_file import ScenarioFile

__all__ = ["BadFile", "Loaded", "ScenarioFile", "load_scenario", "schema"]
