"""OpenTelemetry traces, when a collector is named: an extra that costs nothing otherwise."""

from collections.abc import Callable
from importlib.util import find_spec

from fastapi.telemetry import TelemetryConfig

from fulfillment import __version__
from fulfillment.domain.errors import InvalidRequest

OFF = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False)


def open_telemetry(endpoint: str) -> tuple[TelemetryConfig, Callable[[], None]]:
    """Return how FastAPI makes spans, and what sends those that wait and ends.

    Parameters
    ----------
    endpoint : str
        Where the collector takes traces, as a rule ``http://HOST:4318/v1/traces``; empty: no traces.

    Raises
    ------
    InvalidRequest
        When the packages are not installed.
    """
    if not endpoint:
        return OFF, _nothing
    if find_spec("opentelemetry.sdk") is None or find_spec("opentelemetry.exporter") is None:
        raise InvalidRequest(
            "traces need packages that are not installed",
            remedy="pip install 'fulfillment[telemetry]', or unset FULFILLMENT_OTLP_ENDPOINT",
            key="FULFILLMENT_OTLP_ENDPOINT",
        )
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    resource = Resource.create({SERVICE_NAME: "fulfillment", SERVICE_VERSION: __version__})
    provider = TracerProvider(resource=resource)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    # Requests are counted at /metrics already, and logged as JSON.
    return TelemetryConfig(
        tracer_provider=provider, tracing=True, metrics=False, logs=False
    ), provider.shutdown


def _nothing() -> None:
    pass
