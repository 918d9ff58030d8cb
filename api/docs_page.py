"""The page at /docs: the specification to read and to try, without a network.

Swagger UI comes from a wheel. The one that is there knows OpenAPI 3.0 and the service speaks 3.1, so the page
is given the same document in the older words; `/openapi.json` is the one that counts.
"""

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from api.answers import json_answer
from api.errors import PROBLEM_TYPE
from fulfillment.domain.errors import FulfillmentError

OLDER = "3.0.3"
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>fulfillment</title>
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
<style>
  body {{ margin: 0 }}
  #problems {{ max-width: 1460px; margin: 0 auto; padding: 20px; font-family: sans-serif }}
  #problems dt {{ margin-top: 1em; font-family: monospace; font-weight: bold }}
  #problems :target {{ background: #ffe08a }}
</style>
</head>
<body>
<div id="ui"></div>
<section id="problems">
<h2>Problems</h2>
<p>Every error is <code>application/problem+json</code>; <code>code</code> never changes.</p>
<dl>
{problems}
</dl>
</section>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script>
  SwaggerUIBundle({{
    url: "/docs/openapi.json", dom_id: "#ui", deepLinking: true, persistAuthorization: true,
    validatorUrl: null
  }})
</script>
</body>
</html>
"""


def add_docs(app: FastAPI) -> None:
    """Serve the page, what it shows and what shows it."""

    async def page(_request: Request) -> Response:
        return HTMLResponse(_PAGE.format(problems="\n".join(_problems())))

    async def older(_request: Request) -> Response:
        return json_answer(in_older_words(app.openapi()))

    app.add_route("/docs", page, include_in_schema=False)
    app.add_route("/docs/openapi.json", older, include_in_schema=False)
    app.mount("/docs/assets", StaticFiles(directory=str(swagger_ui_path)), name="docs-assets")


def in_older_words(document: dict[str, Any]) -> dict[str, Any]:
    """Say an OpenAPI 3.1 document in the words of 3.0, as far as a page needs them."""
    older: dict[str, Any] = _older(document)
    older["openapi"] = OLDER
    older.pop("webhooks", None)
    older["info"].pop("summary", None)
    return older


def _older(value: Any) -> Any:
    if isinstance(value, list):
        return [_older(each) for each in value]
    if not isinstance(value, dict):
        return value
    told = {name: _older(each) for name, each in value.items()}
    choices = told.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        left = [each for each in choices if each != {"type": "null"}]
        del told["anyOf"]
        told |= {**left[0], "nullable": True} if len(left) == 1 else {"anyOf": left, "nullable": True}
    if "const" in told:
        told["enum"] = [told.pop("const")]
    if isinstance(told.get("examples"), list):
        told.setdefault("example", told.pop("examples")[0])
    return told


def _problems() -> Iterator[str]:
    """Make a list of the problems there are, each where its ``type`` points."""
    for kind in sorted(_kinds(FulfillmentError), key=lambda each: each.code):
        anchor = PROBLEM_TYPE.partition("#")[2] + kind.code
        what = (kind.__doc__ or "").partition("\n\n")[0]
        yield f'<dt id="{escape(anchor)}">{escape(kind.code)}</dt><dd>{escape(what)}</dd>'


def _kinds(kind: type[FulfillmentError]) -> Iterator[type[FulfillmentError]]:
    for each in kind.__subclasses__():
        yield each
        yield from _kinds(each)
