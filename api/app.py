"""Puts the service together: the one place where routes, middleware and error answers are listed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from api.auth import Authenticate
from api.body_limit import LimitBody
from api.docs_page import add_docs
from api.errors import add_handlers
from api.logs import RequestLog, route_events
from api.metrics import Metrics
from api.observe import Observe
from api.pulse import pulse
from api.rate_limit import LimitRate
from api.routes import (
    availability,
    buffers,
    calendars,
    capacities,
    events,
    holds,
    inventory,
    kits,
    nodes,
    operations,
    orders,
    policies,
    postal_codes,
    promises,
    rates,
    skus,
    supply,
    webhooks,
)
from api.runtime import open_runtime
from api.short_way import shorten
from api.specification import describe
from api.telemetry import open_telemetry
from api.told_events import describe_told_events
from fulfillment import __version__
from fulfillment.clock import Clock, SystemClock
from fulfillment.ids import IdSource, new_secret
from fulfillment.settings import Settings

ROUTERS: tuple[APIRouter, ...] = (
    orders.router,
    promises.router,
    availability.router,
    inventory.router,
    holds.router,
    supply.router,
    buffers.router,
    nodes.router,
    calendars.router,
    capacities.router,
    skus.router,
    kits.router,
    postal_codes.router,
    rates.router,
    policies.router,
    events.router,
    webhooks.router,
    operations.router,
)


def make_app(settings: Settings, *, clock: Clock | None = None, ids: IdSource | None = None) -> FastAPI:
    """Make the application of one process.

    Parameters
    ----------
    settings : Settings
        Where the ledger is, and the limits.
    clock, ids
        The machine's clock and time-ordered ids unless a test needs others.
    """
    route_events()
    metrics = Metrics()
    telemetry, end_telemetry = open_telemetry(settings.otlp_endpoint)

    @asynccontextmanager
    async def run(app: FastAPI) -> AsyncIterator[None]:
        with open_runtime(settings, metrics, clock=clock, ids=ids) as runtime:
            app.state.runtime = runtime
            async with pulse(runtime.tell_metrics):
                yield
        end_telemetry()

    app = FastAPI(
        title="fulfillment",
        version=__version__,
        summary="One stock ledger over all nodes, and the best way to serve each order from it.",
        lifespan=run,
        docs_url=None,
        redoc_url=None,
        telemetry=telemetry,
    )
    add_handlers(app)
    # The last one added is the first to see a request.
    app.add_middleware(LimitBody, bytes_max=settings.body_bytes_max)
    app.add_middleware(LimitRate, requests_per_minute=settings.requests_per_minute_max)
    app.add_middleware(Authenticate)
    app.add_middleware(
        Observe,
        metrics=metrics,
        log=RequestLog(settings.log_level, clock or SystemClock()),
        prefix=new_secret()[:8],
    )
    for router in ROUTERS:
        # One flat list: FastAPI would search a tree of routers at every request.
        app.router.routes.extend(router.routes)
    # Those of the short way first: they are asked most, and none of them hides another, having no parameters.
    app.router.routes.sort(key=lambda route: not (isinstance(route, APIRoute) and shorten(route)))
    describe_told_events(app)
    describe(app)
    add_docs(app)
    return app
