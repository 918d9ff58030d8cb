import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.kits import Kit, explode
from fulfillment.domain.lines import Line, require_lines, units_by_sku

GIFT = Kit("GIFT", {"CUP": 2, "TEA": 1})
PAIR = Kit("PAIR", {"CUP": 2})
KITS = {"GIFT": GIFT, "PAIR": PAIR}


def test_equal_skus_on_two_lines_are_added_up() -> None:
    assert units_by_sku([Line(1, "V", 3), Line(2, "V", 3), Line(3, "W", 1)]) == {"V": 6, "W": 1}


def test_kits_that_share_a_component_are_added_up() -> None:
    lines = [Line(1, "GIFT", 1), Line(2, "PAIR", 3), Line(3, "CUP", 1)]
    assert explode(lines, KITS) == {"CUP": 9, "TEA": 1}


def test_without_kits_lines_stand_for_themselves() -> None:
    assert explode([Line(1, "V", 3), Line(2, "V", 1)], {}) == {"V": 4}


@pytest.mark.parametrize(
    ("units", "expected"),
    [({"CUP": 5, "TEA": 9}, 2), ({"CUP": 5, "TEA": 1}, 1), ({"CUP": 1, "TEA": 9}, 0), ({"CUP": 9}, 0)],
)
def test_a_node_makes_as_many_kits_as_its_scarcest_component_allows(
    units: dict[str, int], expected: int
) -> None:
    assert GIFT.whole_kits(units) == expected


def test_recipes_do_not_nest() -> None:
    with pytest.raises(InvalidRequest, match="contains the kit PAIR"):
        explode([Line(1, "BOX", 1)], {"BOX": Kit("BOX", {"PAIR": 1}), "PAIR": PAIR})


@pytest.mark.parametrize("components", [{}, {"K": 1}, {"CUP": 0}, {"CUP": -1}, {"": 1}])
def test_a_recipe_has_components_in_whole_numbers(components: dict[str, int]) -> None:
    with pytest.raises(InvalidRequest):
        Kit("K", components)


def test_lines_are_numbered_once_and_there_is_one_at_least() -> None:
    require_lines([Line(1, "V", 1), Line(2, "V", 1)])
    with pytest.raises(InvalidRequest, match="no lines"):
        require_lines([])
    with pytest.raises(InvalidRequest, match="not distinct"):
        require_lines([Line(1, "V", 1), Line(1, "W", 1)])


@pytest.mark.parametrize("line", [(1, "V", 0), (1, "", 1), (-1, "V", 1), (1, "V", 1.0)])
def test_a_line_asks_for_whole_units_of_a_sku(line: tuple[int, str, int]) -> None:
    with pytest.raises(InvalidRequest):
        Line(*line)
