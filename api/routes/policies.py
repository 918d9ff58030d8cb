"""Policies: what a planner asks of every decision (docs/policy.md)."""

from fastapi import APIRouter
from starlette.responses import Response

from api.auth import Admin, Reader
from api.reference import answer_one
from api.runtime import Service
from api.schemas.policies import PolicyAnswer, PolicyBody
from api.specification import problems
from fulfillment.services import put_reference
from fulfillment.store.reference import read_policy

router = APIRouter(prefix="/v1/policies", tags=["network"])


@router.put("/current", response_model=PolicyAnswer)
def put_policy(body: PolicyBody, service: Service, caller: Admin) -> Response:
    """Replace the policy; the same one again changes nothing."""
    put_reference.put_policy(service.engine, body.body_toml, actor=caller.client_id, clock=service.clock)
    return _answer(service)


@router.get("/current", response_model=PolicyAnswer, responses=problems(s404="None was ever put."))
def get_policy(service: Service, _: Reader) -> Response:
    """Read the policy that decisions follow now."""
    return _answer(service)


def _answer(service: Service) -> Response:
    return answer_one(service, read_policy, "policy", "current")
