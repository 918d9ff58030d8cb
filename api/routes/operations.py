"""What operators ask: does the process answer, is it ready, what did it do."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import json_answer
from api.metrics import CONTENT_TYPE
from api.runtime import Service

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


class Readiness(BaseModel):
    """Whether requests should be sent here, check by check."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "ready", "checks": {"ledger": "ok"}}})

    status: str
    checks: dict[str, str]


@router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """Tell that the process answers; says nothing about the ledger."""
    return json_answer({"status": "ok"})


@router.get(
    "/readyz",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Not ready; the checks say why."}},
)
def readyz(service: Service) -> Response:
    """Tell whether requests should be sent here: the ledger is reached, and the view of it is fresh."""
    checks = {name: check() or "ok" for name, check in service.checks.items()}
    is_ready = set(checks.values()) == {"ok"}
    document = {"status": "ready" if is_ready else "not ready", "checks": checks}
    return json_answer(document, 200 if is_ready else 503)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(service: Service) -> Response:
    """Tell what was counted, by all processes together, in Prometheus's text format."""
    service.tell_metrics()
    return Response(await run_in_threadpool(service.metrics.text), media_type=CONTENT_TYPE)
