"""What is asked of a host: how many times it holds a whole application."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from sim import catalog
from sim.core.description import description
from sim.core.question import Question
from sim.studies.kinds import Host, Instance
from sim.workload import Application
from sim.workload.application import as_application


@description
class HoldsQuestion(Question):
    """How many times does one host hold my whole application, by reservation?"""

    app: Annotated[Application, BeforeValidator(as_application)] = Field(kw_only=False)
    """An application, such as `sim.read("compose.yaml")`, or one service."""
    instance: Instance = catalog.DEFAULT_TYPE
    """EC2 type of the AWS rows."""
    host: Host | None = None
    """Bare machine of the vm and docker rows: m5.metal, 16x64GiB."""
