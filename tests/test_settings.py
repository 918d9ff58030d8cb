import pytest

from fulfillment.domain.errors import InvalidRequest
from fulfillment.settings import Settings


def test_an_empty_environment_gives_the_embedded_default() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings().database_url == "sqlite:///fulfillment.db"


def test_every_setting_is_read_from_its_variable() -> None:
    environment = {
        "FULFILLMENT_DATABASE_URL": "postgresql+psycopg://user:secret@db/ledger",
        "FULFILLMENT_RETAILER": "Corner Shop",
        "FULFILLMENT_CURRENCY": "EUR",
        "FULFILLMENT_TRANSACTION_ATTEMPTS_MAX": "3",
        "FULFILLMENT_BODY_BYTES_MAX": "4096",
        "FULFILLMENT_REQUESTS_PER_MINUTE_MAX": "600",
        "FULFILLMENT_KEY_CACHE_SECONDS": "0",
        "FULFILLMENT_LOG_LEVEL": "warning",
        "FULFILLMENT_OTLP_ENDPOINT": "http://collector:4318/v1/traces",
        "PATH": "/bin",
    }
    assert Settings.from_environment(environment) == Settings(
        database_url="postgresql+psycopg://user:secret@db/ledger",
        retailer="Corner Shop",
        currency="EUR",
        transaction_attempts_max=3,
        body_bytes_max=4096,
        requests_per_minute_max=600,
        key_cache_seconds=0,
        log_level="warning",
        otlp_endpoint="http://collector:4318/v1/traces",
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FULFILLMENT_DATABASE_URL", "mysql://db/ledger"),
        ("FULFILLMENT_DATABASE_URL", ""),
        ("FULFILLMENT_DATABASE_URL", "fulfillment.db"),
        ("FULFILLMENT_RETAILER", " "),
        ("FULFILLMENT_CURRENCY", "usd"),
        ("FULFILLMENT_CURRENCY", "EURO"),
        ("FULFILLMENT_TRANSACTION_ATTEMPTS_MAX", "0"),
        ("FULFILLMENT_TRANSACTION_ATTEMPTS_MAX", "101"),
        ("FULFILLMENT_TRANSACTION_ATTEMPTS_MAX", "many"),
        ("FULFILLMENT_TRANSACTION_ATTEMPTS_MAX", "-1"),
        ("FULFILLMENT_TRANSACTION_ATTEMPTS_MAX", ""),
        ("FULFILLMENT_BODY_BYTES_MAX", "10"),
        ("FULFILLMENT_REQUESTS_PER_MINUTE_MAX", "1.5"),
        ("FULFILLMENT_KEY_CACHE_SECONDS", "4000"),
        ("FULFILLMENT_LOG_LEVEL", "loud"),
        ("FULFILLMENT_OTLP_ENDPOINT", "collector:4318"),
    ],
)
def test_a_bad_value_stops_the_start_and_names_variable_and_remedy(variable: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        Settings.from_environment({variable: value})
    assert str(caught.value).startswith(variable)
    assert caught.value.data["key"] == variable
    assert caught.value.remedy


def test_a_misspelt_variable_stops_the_start() -> None:
    with pytest.raises(InvalidRequest, match="did you mean FULFILLMENT_DATABASE_URL"):
        Settings.from_environment({"FULFILLMENT_DATABSE_URL": "sqlite:///x.db"})


def test_variables_that_others_put_there_do_no_harm() -> None:
    strangers = {"FULFILLMENT_SERVICE_HOST": "10.0.0.1", "FULFILLMENT_PORT_8000_TCP": "tcp://10.0.0.1:8000"}
    assert Settings.from_environment(strangers) == Settings()


def test_a_password_is_never_shown() -> None:
    assert "secret" not in repr(Settings(database_url="postgresql://user:secret@db/ledger"))
    with pytest.raises(InvalidRequest) as caught:
        Settings.from_environment({"FULFILLMENT_DATABASE_URL": "mysql://user:secret@db/ledger"})
    assert "secret" not in str(caught.value)
    assert "secret" not in str(caught.value.data)
