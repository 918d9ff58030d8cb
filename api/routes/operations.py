"""What operators ask: is the process alive."""

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from api.answers import json_answer

router = APIRouter(tags=["operations"])


class Health(BaseModel):
    """The process answers."""

    status: str = "ok"


@router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """Tell that the process answers; says nothing about the ledger."""
    return json_answer({"status": "ok"})
