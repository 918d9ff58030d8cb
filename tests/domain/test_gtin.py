import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.domain.gtin import check_digit, check_gtin

# The worked example of the GS1 General Specifications, then numbers printed on goods, one a length.
RIGHT = ["6291041500213", "96385074", "036000291452", "4006381333931", "10614141000415"]


@pytest.mark.parametrize("gtin", RIGHT)
def test_a_right_gtin_passes(gtin: str) -> None:
    check_gtin(gtin)
    assert check_digit(gtin[:-1]) == int(gtin[-1])


@pytest.mark.parametrize("gtin", RIGHT)
def test_a_wrong_check_digit_is_refused_with_the_right_one(gtin: str) -> None:
    wrong = gtin[:-1] + str((int(gtin[-1]) + 1) % 10)
    with pytest.raises(InvalidRequest) as caught:
        check_gtin(wrong)
    assert f"the check digit is {gtin[-1]}" in caught.value.remedy
    assert caught.value.data["value"] == wrong


@pytest.mark.parametrize(
    "gtin", ["", "1234567", "123456789", "4006381333931 ", "40063813339３1", "400638133393x"]
)
def test_a_gtin_of_another_form_is_refused(gtin: str) -> None:
    with pytest.raises(InvalidRequest, match="8, 12, 13 or 14 digits"):
        check_gtin(gtin)
