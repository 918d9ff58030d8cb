"""Read a scenario that is to be planned."""

from pathlib import Path

from fulfillment.scenario.problems import ScenarioInvalid
from fulfillment.scenario.tables import Scenario
from fulfillment.scenario.validate import validate_scenario


def read_scenario(folder: Path) -> Scenario:
    """Read a scenario's folder, every cell checked.

    Raises
    ------
    ScenarioInvalid
        With every problem; nothing is repaired or left out in silence.
    """
    validation = validate_scenario(folder)
    if validation.scenario is None:
        raise ScenarioInvalid(str(folder), validation.verdict)
    return validation.scenario
