"""Write `operations.py` from the routes: `python -m api.client.generate`.

The methods take and return the models that the routes take and return, so the client and the service cannot
disagree. A test fails while the file is older than the routes.
"""

import inspect
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from fastapi.routing import APIRoute
from pydantic import AwareDatetime, BaseModel

from api.app import ROUTERS

FILE = Path(__file__).parent / "operations.py"
_HEAD = '''"""Made by `python -m api.client.generate`; do not change it by hand."""
# fmt: off
# ruff: noqa: E501, I001

{imports}


class Client(Asking):
    """A client of the service; every method is one operation, and raises `ServiceProblem` on an error."""
'''
_KEYED = "Idempotency-Key"


def source() -> str:
    """Return the text of the file."""
    imports: set[str] = {"from api.client.asking import Asking", "from urllib.parse import quote"}
    methods = [_method(route, imports) for route in routes()]
    return _HEAD.format(imports="\n".join(sorted(imports))) + "".join(methods)


def routes() -> Iterator[APIRoute]:
    """List the operations that have a method, by name."""
    found = (route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
    yield from sorted((route for route in found if route.path.startswith("/v1/")), key=lambda each: each.name)


def _method(route: APIRoute, imports: set[str]) -> str:
    whole = route.dependant
    (verb,) = route.methods or {"GET"}
    arguments = [f"{field.name}: {_type(str, imports)}" for field in whole.path_params]
    handed = []
    if whole.body_params or route.openapi_extra:
        model = whole.body_params[0].field_info.annotation if whole.body_params else None
        arguments.append(f"body: {_body(model, imports)}")
        handed.append("body=body")
    named = _queries(route, imports)
    if named:
        handed.append("query={" + ", ".join(f'"{name}": {name}' for name, _, _ in named) + "}")
    options = [f"{name}: {kind}" + ("" if is_required else " = None") for name, kind, is_required in named]
    if any(field.alias == _KEYED for field in whole.header_params):
        options.append("idempotency_key: str | None = None")
        named_by = "body" if handed and handed[0] == "body=body" else "None"
        handed.append(f"idempotency_key=self._key(idempotency_key, {named_by})")
    if options:
        arguments += ["*", *options]
    path = _path(route.path_format)
    answer = route.response_model
    told = "None" if answer is None else _type(answer, imports)
    call = ", ".join([f'"{verb}"', path, *([] if answer is None else [told]), *handed])
    summary = inspect.cleandoc(route.endpoint.__doc__ or "").partition("\n")[0]
    return (
        f"\n    def {route.name}({', '.join(['self', *arguments])}) -> {told}:\n"
        f'        """{summary}"""\n'
        f"        {'self._send' if answer is None else 'return self._ask'}({call})\n"
    )


def _queries(route: APIRoute, imports: set[str]) -> list[tuple[str, str, bool]]:
    """List the query's parameters: name, type, and whether it must be given."""
    found = []
    for field in route.dependant.query_params:
        kind = _type(field.field_info.annotation, imports)
        is_required = field.field_info.is_required()
        optional = kind if is_required or kind.endswith("| None") else f"{kind} | None"
        found.append((field.name, optional, is_required))
    return sorted(found, key=lambda each: not each[2])


def _path(path: str) -> str:
    if "{" not in path:
        return f'"{path}"'
    return 'f"' + path.replace("{", "{quote(").replace("}", ", safe='')}") + '"'


def _body(model: Any, imports: set[str]) -> str:
    if model is not None:
        return _type(model, imports)
    imports |= {"from collections.abc import Mapping", "from typing import Any"}
    return "Mapping[str, Any]"


def _type(kind: Any, imports: set[str]) -> str:
    """Say a type in Python, and note what must be imported for it."""
    if kind is NoneType:
        return "None"
    if kind is AwareDatetime:
        kind = datetime
    if get_origin(kind) in (Union, UnionType):
        return " | ".join(_type(each, imports) for each in get_args(kind))
    if get_origin(kind) is list:
        return f"list[{_type(get_args(kind)[0], imports)}]"
    if hasattr(kind, "__metadata__"):
        return _type(get_args(kind)[0], imports)
    if kind in (datetime, date) or (isinstance(kind, type) and issubclass(kind, BaseModel | Enum)):
        imports.add(f"from {kind.__module__} import {kind.__name__}")
    elif kind not in (str, int, float, bool):
        raise TypeError(f"{kind} is a type that the generator does not know")
    return str(kind.__name__)


if __name__ == "__main__":
    FILE.write_text(source(), encoding="utf-8")
