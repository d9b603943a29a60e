"""The JSON schema of a scenario file, for editors."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core.core_schema import DataclassSchema

from sim.docstrings import field_docstrings
from sim.scenario_file.schema import ScenarioFile


class Described(GenerateJsonSchema):
    """A JSON schema in which fields have their docstrings."""

    def dataclass_schema(self, schema: DataclassSchema) -> dict[str, Any]:
        """The schema of a description."""
        made = super().dataclass_schema(schema)
        told = field_docstrings(schema["cls"])
        for name, field in made["properties"].items():
            if name in told:
                field["description"] = told[name]
        return made


def schema() -> dict[str, Any]:
    """The JSON schema of a scenario file."""
    schema = TypeAdapter(ScenarioFile).json_schema(schema_generator=Described)
    parts = [schema, *schema["$defs"].values()]
    for field in (field for part in parts for field in part.get("properties", {}).values()):
        if field.get("type") == "string" and isinstance(field.get("default"), float):
            field["default"] = f"{field['default']:g}s"  # durations have a unit in a file
    return schema
