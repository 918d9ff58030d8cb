"""The OpenAPI document: what FastAPI finds, and what every operation shares: keys, scopes, problems."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from api.auth import PROTECTED, Requires
from api.schemas.problem import Problem

SECURITY = "key"
_SHARED = {
    "401": "No API key, or one that is not valid.",
    "403": "The API key lacks the scope.",
    "422": "The request is wrong; repeating it cannot help.",
    "429": "The client has spent what it may ask for in this while.",
    "500": "A defect of the service; it was logged with the id in `x-request-id`.",
    "503": "Nothing was done; repeating the request is safe, after `Retry-After` seconds.",
}
_TOO_LARGE = "The body has more bytes than the service reads."


def problems(**described: str) -> dict[int | str, dict[str, Any]]:
    """Describe a route's own problems: ``responses=problems(s404="There is no such node.")``."""
    return {int(status.removeprefix("s")): _problem(text) for status, text in described.items()}


def describe(app: FastAPI) -> None:
    """Let the application serve its whole description, made on first use."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        routes=app.routes,
        webhooks=app.webhooks.routes,
    )
    for told in found.get("webhooks", {}).values():
        # What FastAPI adds to every operation is not what an endpoint answers.
        told["post"]["responses"].pop("422", None)
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    # FastAPI's own shape of a validation error, which this service does not use.
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    found["components"]["securitySchemes"] = {
        SECURITY: {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, made by `fulfillment keys create`.",
        }
    }
    # FastAPI keeps included routers as they are, so the routes of `app.routes` are only those of no router.
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _complete(found["paths"][route.path_format][method.lower()], route)
    return found


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    responses = operation["responses"]
    operation["operationId"] = route.name
    if not route.path.startswith(PROTECTED):
        return
    # Roles in a bearer scheme: OpenAPI 3.1 lets any scheme list them.
    operation["security"] = [{SECURITY: _scopes_of(route)}]
    shared = dict(_SHARED) | ({"413": _TOO_LARGE} if "requestBody" in operation else {})
    for status, text in shared.items():
        if status not in responses or status == "422":
            responses[status] = _problem(text)
    operation["responses"] = dict(sorted(responses.items()))


def _scopes_of(route: APIRoute) -> list[str]:
    return [str(each.call.scope) for each in route.dependant.dependencies if isinstance(each.call, Requires)]


def _problem(text: str) -> dict[str, Any]:
    reference = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {"application/problem+json": {"schema": reference}}}
