"""Made by `python -m api.client.generate`; do not change it by hand."""
# fmt: off
# ruff: noqa: E501, I001

from api.client.asking import Asking
from api.schemas.availability import AvailabilityAnswer
from api.schemas.availability import AvailabilityBody
from api.schemas.availability import Consistency
from api.schemas.buffers import RulesAnswer
from api.schemas.buffers import RulesBody
from api.schemas.buffers import RulesList
from api.schemas.buffers import SpokenAnswer
from api.schemas.calendars import CalendarAnswer
from api.schemas.calendars import CalendarBody
from api.schemas.calendars import CalendarPage
from api.schemas.capacities import CapacitiesAnswer
from api.schemas.capacities import CapacitiesBody
from api.schemas.events import EventFeedPage
from api.schemas.holds import ChangeHoldBody
from api.schemas.holds import HoldAnswer
from api.schemas.holds import HoldsAnswer
from api.schemas.holds import OpenHoldBody
from api.schemas.inventory import BalancePage
from api.schemas.inventory import CountAnswer
from api.schemas.inventory import CountBody
from api.schemas.inventory import EntriesAnswer
from api.schemas.inventory import EntryPage
from api.schemas.inventory import SalesAnswer
from api.schemas.inventory import SalesBody
from api.schemas.kits import KitAnswer
from api.schemas.kits import KitBody
from api.schemas.kits import KitPage
from api.schemas.nodes import NodeAnswer
from api.schemas.nodes import NodeBody
from api.schemas.nodes import NodePage
from api.schemas.orders import BatchAnswer
from api.schemas.orders import BatchBody
from api.schemas.orders import ChangeBody
from api.schemas.orders import OrderAnswer
from api.schemas.orders import OrderBody
from api.schemas.orders import PlacedAnswer
from api.schemas.orders import TimelineAnswer
from api.schemas.policies import PolicyAnswer
from api.schemas.policies import PolicyBody
from api.schemas.postal_codes import PostalCodeAnswer
from api.schemas.postal_codes import PostalCodePage
from api.schemas.postal_codes import PostalCodesBody
from api.schemas.promises import PromiseAnswer
from api.schemas.promises import PromiseBody
from api.schemas.rates import RatesAnswer
from api.schemas.rates import RatesBody
from api.schemas.skus import SkuAnswer
from api.schemas.skus import SkuBody
from api.schemas.skus import SkuPage
from api.schemas.skus import SkusBody
from api.schemas.supply import ReceiptBody
from api.schemas.supply import SupplyAnswer
from api.schemas.supply import SupplyBody
from api.schemas.supply import SupplyPage
from api.schemas.webhooks import ReplayBody
from api.schemas.webhooks import SecretBody
from api.schemas.webhooks import WebhookAnswer
from api.schemas.webhooks import WebhookBody
from api.schemas.webhooks import WebhookPage
from api.schemas.words import Put
from collections.abc import Mapping
from datetime import date
from datetime import datetime
from typing import Any
from urllib.parse import quote


class Client(Asking):
    """A client of the service; every method is one operation, and raises `ServiceProblem` on an error."""

    def ask_availability(self, body: AvailabilityBody) -> AvailabilityAnswer:
        """Tell what a channel may promise of many SKUs, by node, region and day."""
        return self._ask("POST", "/v1/availability", AvailabilityAnswer, body=body)

    def cancel(self, order_id: str, *, idempotency_key: str | None = None) -> OrderAnswer:
        """Cancel an order whole: its units are free again. Without a key, repeating it is refused."""
        return self._ask("POST", f"/v1/orders/{quote(order_id, safe='')}/cancel", OrderAnswer, idempotency_key=self._key(idempotency_key, None))

    def cancel_supply(self, supply_id: str) -> SupplyAnswer:
        """Note that the units will not come; a cancelled supply stays as it is."""
        return self._ask("DELETE", f"/v1/supply/{quote(supply_id, safe='')}", SupplyAnswer)

    def change(self, order_id: str, body: ChangeBody, *, idempotency_key: str | None = None) -> PlacedAnswer:
        """Deliver an order another way or elsewhere; members that are left out stay as they are."""
        return self._ask("POST", f"/v1/orders/{quote(order_id, safe='')}/change", PlacedAnswer, body=body, idempotency_key=self._key(idempotency_key, body))

    def change_hold(self, hold_id: str, body: ChangeHoldBody, *, idempotency_key: str | None = None) -> HoldAnswer:
        """Change a hold in place: more or fewer units, other nodes, another channel, more time."""
        return self._ask("PATCH", f"/v1/holds/{quote(hold_id, safe='')}", HoldAnswer, body=body, idempotency_key=self._key(idempotency_key, body))

    def clear(self, order_id: str, *, idempotency_key: str | None = None) -> PlacedAnswer:
        """Let an order go on whose payment or fraud review is over: it is decided and committed now."""
        return self._ask("POST", f"/v1/orders/{quote(order_id, safe='')}/clear", PlacedAnswer, idempotency_key=self._key(idempotency_key, None))

    def delete_webhook(self, webhook_id: str) -> None:
        """End a webhook; ending it again is harmless."""
        self._send("DELETE", f"/v1/webhooks/{quote(webhook_id, safe='')}")

    def disable_webhook(self, webhook_id: str) -> WebhookAnswer:
        """Stop telling a webhook; what happens meanwhile is told when it is enabled again."""
        return self._ask("POST", f"/v1/webhooks/{quote(webhook_id, safe='')}/disable", WebhookAnswer)

    def enable_webhook(self, webhook_id: str) -> WebhookAnswer:
        """Let a webhook go on where it stopped, with a clean record."""
        return self._ask("POST", f"/v1/webhooks/{quote(webhook_id, safe='')}/enable", WebhookAnswer)

    def find_holds(self, *, customer_id: str) -> HoldsAnswer:
        """Find a customer's living holds, whatever channel began them."""
        return self._ask("GET", "/v1/holds", HoldsAnswer, query={"customer_id": customer_id})

    def get_availability(self, *, sku_id: list[str], node_id: list[str] | None = None, channel: str | None = None, on_date: date | None = None, consistency: Consistency | None = None) -> AvailabilityAnswer:
        """Tell what a channel may promise of a SKU or a few."""
        return self._ask("GET", "/v1/availability", AvailabilityAnswer, query={"sku_id": sku_id, "node_id": node_id, "channel": channel, "on_date": on_date, "consistency": consistency})

    def get_calendar(self, node_id: str) -> CalendarAnswer:
        """Read a node's calendar as it is now."""
        return self._ask("GET", f"/v1/calendars/{quote(node_id, safe='')}", CalendarAnswer)

    def get_capacities(self, node_id: str) -> CapacitiesAnswer:
        """Read a node's capacities as they are now."""
        return self._ask("GET", f"/v1/capacities/{quote(node_id, safe='')}", CapacitiesAnswer)

    def get_hold(self, hold_id: str) -> HoldAnswer:
        """Read a hold as it is now."""
        return self._ask("GET", f"/v1/holds/{quote(hold_id, safe='')}", HoldAnswer)

    def get_kit(self, sku_id: str) -> KitAnswer:
        """Read a recipe as it is now."""
        return self._ask("GET", f"/v1/kits/{quote(sku_id, safe='')}", KitAnswer)

    def get_node(self, node_id: str) -> NodeAnswer:
        """Read a node as it is now."""
        return self._ask("GET", f"/v1/nodes/{quote(node_id, safe='')}", NodeAnswer)

    def get_order(self, order_id: str) -> OrderAnswer:
        """Read an order as it is now, whatever channel placed it."""
        return self._ask("GET", f"/v1/orders/{quote(order_id, safe='')}", OrderAnswer)

    def get_policy(self) -> PolicyAnswer:
        """Read the policy that decisions follow now."""
        return self._ask("GET", "/v1/policies/current", PolicyAnswer)

    def get_postal_code(self, postal_code: str) -> PostalCodeAnswer:
        """Read a postal code as it is now."""
        return self._ask("GET", f"/v1/postal-codes/{quote(postal_code, safe='')}", PostalCodeAnswer)

    def get_rates(self) -> RatesAnswer:
        """Read the price list as it is now; its version is 0 when there never was one."""
        return self._ask("GET", "/v1/rates", RatesAnswer)

    def get_sku(self, sku_id: str) -> SkuAnswer:
        """Read a SKU as it is now."""
        return self._ask("GET", f"/v1/skus/{quote(sku_id, safe='')}", SkuAnswer)

    def get_spoken(self, *, node_id: str, sku_id: str, channel: str) -> SpokenAnswer:
        """Tell which units a channel must leave alone at one position."""
        return self._ask("GET", "/v1/buffers/spoken", SpokenAnswer, query={"node_id": node_id, "sku_id": sku_id, "channel": channel})

    def get_timeline(self, order_id: str) -> TimelineAnswer:
        """Read what happened to an order, oldest first."""
        return self._ask("GET", f"/v1/orders/{quote(order_id, safe='')}/timeline", TimelineAnswer)

    def get_webhook(self, webhook_id: str) -> WebhookAnswer:
        """Read a webhook and how well its endpoint answers."""
        return self._ask("GET", f"/v1/webhooks/{quote(webhook_id, safe='')}", WebhookAnswer)

    def list_balances(self, *, node_id: str | None = None, sku_id: str | None = None, as_of: datetime | None = None, limit: int | None = None, cursor: str | None = None) -> BalancePage:
        """Read balances, by node and SKU, as they are or as they were."""
        return self._ask("GET", "/v1/inventory/balances", BalancePage, query={"node_id": node_id, "sku_id": sku_id, "as_of": as_of, "limit": limit, "cursor": cursor})

    def list_buffers(self, *, limit: int | None = None, cursor: str | None = None) -> RulesList:
        """List the rules in force, by node, SKU and channel; rules for any come first."""
        return self._ask("GET", "/v1/buffers", RulesList, query={"limit": limit, "cursor": cursor})

    def list_calendars(self, *, limit: int | None = None, cursor: str | None = None) -> CalendarPage:
        """List the calendars by node."""
        return self._ask("GET", "/v1/calendars", CalendarPage, query={"limit": limit, "cursor": cursor})

    def list_entries(self, *, node_id: str, sku_id: str, limit: int | None = None, cursor: str | None = None) -> EntryPage:
        """Read the history of one SKU at one node, oldest first."""
        return self._ask("GET", "/v1/inventory/entries", EntryPage, query={"node_id": node_id, "sku_id": sku_id, "limit": limit, "cursor": cursor})

    def list_events(self, *, limit: int | None = None, cursor: str | None = None, type: list[str] | None = None, subject: str | None = None) -> EventFeedPage:
        """Read events from a cursor on. Ask again with `next_cursor` for what happened since."""
        return self._ask("GET", "/v1/events", EventFeedPage, query={"limit": limit, "cursor": cursor, "type": type, "subject": subject})

    def list_kits(self, *, limit: int | None = None, cursor: str | None = None) -> KitPage:
        """List the recipes by SKU."""
        return self._ask("GET", "/v1/kits", KitPage, query={"limit": limit, "cursor": cursor})

    def list_nodes(self, *, limit: int | None = None, cursor: str | None = None) -> NodePage:
        """List the nodes by id."""
        return self._ask("GET", "/v1/nodes", NodePage, query={"limit": limit, "cursor": cursor})

    def list_postal_codes(self, *, limit: int | None = None, cursor: str | None = None) -> PostalCodePage:
        """List the postal codes."""
        return self._ask("GET", "/v1/postal-codes", PostalCodePage, query={"limit": limit, "cursor": cursor})

    def list_skus(self, *, limit: int | None = None, cursor: str | None = None) -> SkuPage:
        """List the SKUs by id."""
        return self._ask("GET", "/v1/skus", SkuPage, query={"limit": limit, "cursor": cursor})

    def list_supply(self, *, node_id: str | None = None, sku_id: str | None = None, limit: int | None = None, cursor: str | None = None) -> SupplyPage:
        """List what is due, by id."""
        return self._ask("GET", "/v1/supply", SupplyPage, query={"node_id": node_id, "sku_id": sku_id, "limit": limit, "cursor": cursor})

    def list_webhooks(self, *, limit: int | None = None, cursor: str | None = None) -> WebhookPage:
        """List the webhooks by id."""
        return self._ask("GET", "/v1/webhooks", WebhookPage, query={"limit": limit, "cursor": cursor})

    def make_promise(self, body: PromiseBody) -> PromiseAnswer:
        """Offer the options of a basket: for each method those that no other one beats on arrival and cost."""
        return self._ask("POST", "/v1/promises", PromiseAnswer, body=body)

    def open_hold(self, body: OpenHoldBody, *, idempotency_key: str | None = None) -> HoldAnswer:
        """Reserve units until they expire, all of them or none."""
        return self._ask("POST", "/v1/holds", HoldAnswer, body=body, idempotency_key=self._key(idempotency_key, body))

    def place_batch(self, body: BatchBody) -> BatchAnswer:
        """Place up to 1,000 orders, each for itself: one that is refused does not touch the others."""
        return self._ask("POST", "/v1/orders/batch", BatchAnswer, body=body)

    def place_order(self, body: OrderBody, *, idempotency_key: str | None = None) -> PlacedAnswer:
        """Decide an order on live stock, commit its units, and tell what will happen; all of it or nothing."""
        return self._ask("POST", "/v1/orders", PlacedAnswer, body=body, idempotency_key=self._key(idempotency_key, body))

    def put_buffers(self, body: RulesBody) -> RulesAnswer:
        """Set safety stocks and channel buffers; the same again changes nothing."""
        return self._ask("PUT", "/v1/buffers", RulesAnswer, body=body)

    def put_calendar(self, node_id: str, body: CalendarBody) -> CalendarAnswer:
        """Replace a node's calendar; the same request again changes nothing."""
        return self._ask("PUT", f"/v1/calendars/{quote(node_id, safe='')}", CalendarAnswer, body=body)

    def put_capacities(self, node_id: str, body: CapacitiesBody) -> CapacitiesAnswer:
        """Set capacities of a node; those that are not named stay. The same request again changes nothing."""
        return self._ask("PUT", f"/v1/capacities/{quote(node_id, safe='')}", CapacitiesAnswer, body=body)

    def put_kit(self, sku_id: str, body: KitBody) -> KitAnswer:
        """Replace the recipe of a kit; without components it is a kit no more. Again, it changes nothing."""
        return self._ask("PUT", f"/v1/kits/{quote(sku_id, safe='')}", KitAnswer, body=body)

    def put_node(self, node_id: str, body: NodeBody) -> NodeAnswer:
        """Add a node, or a version of it; the same request again changes nothing."""
        return self._ask("PUT", f"/v1/nodes/{quote(node_id, safe='')}", NodeAnswer, body=body)

    def put_policy(self, body: PolicyBody) -> PolicyAnswer:
        """Replace the policy; the same one again changes nothing."""
        return self._ask("PUT", "/v1/policies/current", PolicyAnswer, body=body)

    def put_postal_codes(self, body: PostalCodesBody) -> Put:
        """Add postal codes, or versions of them, all or none; the same request again changes nothing."""
        return self._ask("PUT", "/v1/postal-codes", Put, body=body)

    def put_rates(self, body: RatesBody) -> RatesAnswer:
        """Replace the price list: a step that is left out is gone. The same request again changes nothing."""
        return self._ask("PUT", "/v1/rates", RatesAnswer, body=body)

    def put_sku(self, sku_id: str, body: SkuBody) -> SkuAnswer:
        """Add a SKU, or a version of it; the same request again changes nothing."""
        return self._ask("PUT", f"/v1/skus/{quote(sku_id, safe='')}", SkuAnswer, body=body)

    def put_skus(self, body: SkusBody) -> Put:
        """Add many SKUs, or versions of them, all or none; the same request again changes nothing."""
        return self._ask("PUT", "/v1/skus", Put, body=body)

    def put_supply(self, supply_id: str, body: SupplyBody) -> SupplyAnswer:
        """Announce units, or change their day or number; the same again changes nothing."""
        return self._ask("PUT", f"/v1/supply/{quote(supply_id, safe='')}", SupplyAnswer, body=body)

    def put_webhook(self, webhook_id: str, body: WebhookBody) -> WebhookAnswer:
        """Add a webhook, or change the address and the types of a known one."""
        return self._ask("PUT", f"/v1/webhooks/{quote(webhook_id, safe='')}", WebhookAnswer, body=body)

    def put_webhook_secret(self, webhook_id: str, body: SecretBody) -> WebhookAnswer:
        """Sign with another secret; for a while the one before signs beside it."""
        return self._ask("PUT", f"/v1/webhooks/{quote(webhook_id, safe='')}/secret", WebhookAnswer, body=body)

    def receive_supply(self, supply_id: str, body: ReceiptBody) -> SupplyAnswer:
        """Put units that arrived on the shelf; fewer than announced leave the rest due."""
        return self._ask("POST", f"/v1/supply/{quote(supply_id, safe='')}/receipts", SupplyAnswer, body=body)

    def release_hold(self, hold_id: str) -> HoldAnswer:
        """Give its units back now; a hold that has ended already stays as it is."""
        return self._ask("DELETE", f"/v1/holds/{quote(hold_id, safe='')}", HoldAnswer)

    def replay_webhook(self, webhook_id: str, body: ReplayBody) -> WebhookAnswer:
        """Tell a webhook everything after a cursor, again if it has been told before, and enable it."""
        return self._ask("POST", f"/v1/webhooks/{quote(webhook_id, safe='')}/replay", WebhookAnswer, body=body)

    def report_entries(self, body: Mapping[str, Any]) -> EntriesAnswer:
        """Post up to 10,000 entries, each for itself; one that is rejected does not touch the others."""
        return self._ask("POST", "/v1/inventory/entries", EntriesAnswer, body=body)

    def report_sales(self, body: SalesBody) -> SalesAnswer:
        """Book sales at the till, up to 1,000. What was carried out is sold, whoever was promised it."""
        return self._ask("POST", "/v1/inventory/sales", SalesAnswer, body=body)

    def sync_count(self, node_id: str, body: CountBody) -> CountAnswer:
        """Compare a node's count with the books at the moment of counting, and book the differences."""
        return self._ask("PUT", f"/v1/inventory/counts/{quote(node_id, safe='')}", CountAnswer, body=body)
