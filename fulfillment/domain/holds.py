"""A hold: a claim on stock with an expiry, made by a cart or a checkout."""

from dataclasses import dataclass, replace
from datetime import datetime

from fulfillment.domain.checks import require_text, require_units, require_utc
from fulfillment.domain.errors import InvalidRequest, ReservationClosed
from fulfillment.domain.transitions import HOLDS, HoldState, Verb


@dataclass(frozen=True, slots=True)
class HeldUnits:
    """Units of one position that a hold reserves."""

    node_id: str
    sku_id: str
    qty: int

    def __post_init__(self) -> None:
        require_text("node_id", self.node_id)
        require_text("sku_id", self.sku_id)
        require_units("qty", self.qty, at_least=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A claim on units, which ends at `expires_at` unless it is renewed, released or converted before.

    Attributes
    ----------
    channel : str
        Who claims.
    units : tuple of HeldUnits
        At most one a position.
    expires_at : datetime
        UTC; from this moment on the units count as free, whether or not anything was written.
    customer_id : str or None
        Whose cart it is, so that it is found in every channel; None while nobody has said.
    version : int
        Grows with every change.
    """

    hold_id: str
    channel: str
    units: tuple[HeldUnits, ...]
    expires_at: datetime
    state: HoldState = HoldState.ACTIVE
    customer_id: str | None = None
    version: int = 1

    def __post_init__(self) -> None:
        require_text("hold_id", self.hold_id)
        require_text("channel", self.channel)
        require_utc("expires_at", self.expires_at)
        positions = {(held.node_id, held.sku_id) for held in self.units}
        if not positions or len(positions) < len(self.units):
            raise InvalidRequest(
                f"hold {self.hold_id} names {len(self.units)} units of {len(positions)} positions",
                remedy="name at least one position, and each once with its units added up",
                key="units",
            )

    def units_by_position(self) -> dict[tuple[str, str], int]:
        """Return its units by (node_id, sku_id)."""
        return {(held.node_id, held.sku_id): held.qty for held in self.units}

    def has_expired(self, now: datetime) -> bool:
        """Say whether its time is over at `now` (UTC) while its units may still be booked as reserved."""
        return self.state is HoldState.ACTIVE and self.expires_at <= now

    def changed(
        self,
        *,
        now: datetime,
        units: tuple[HeldUnits, ...] | None = None,
        expires_at: datetime | None = None,
        channel: str | None = None,
        customer_id: str | None = None,
    ) -> "Hold":
        """Edit it in place: other units, a later or earlier expiry, another channel, a customer who is known.

        Raises
        ------
        ReservationClosed
            When it is not active or its time is over at `now`.
        """
        return replace(
            self,
            state=self._open_move(Verb.CHANGE, now),
            units=self.units if units is None else units,
            expires_at=self.expires_at if expires_at is None else expires_at,
            channel=self.channel if channel is None else channel,
            customer_id=self.customer_id if customer_id is None else customer_id,
            version=self.version + 1,
        )

    def converted(self, *, now: datetime) -> "Hold":
        """Turn it into an order's commitment.

        Raises
        ------
        ReservationClosed
            When it is not active or its time is over at `now`.
        """
        return replace(self, state=self._open_move(Verb.CONVERT, now), version=self.version + 1)

    def released(self) -> "Hold":
        """Give the units back early; refused with `MoveRefused` once it is closed."""
        return replace(
            self, state=HOLDS.move(self.state, Verb.RELEASE, self.hold_id), version=self.version + 1
        )

    def expired(self, *, now: datetime) -> "Hold":
        """Book its end; refused before its time is over.

        Raises
        ------
        InvalidRequest
            When `now` lies before `expires_at`.
        MoveRefused
            When it is closed already.
        """
        after = HOLDS.move(self.state, Verb.EXPIRE, self.hold_id)
        if now < self.expires_at:
            raise InvalidRequest(
                f"hold {self.hold_id} lives until {self.expires_at.isoformat()}",
                remedy="release it to end it early",
                key="expires_at",
            )
        return replace(self, state=after, version=self.version + 1)

    def _open_move(self, verb: Verb, now: datetime) -> HoldState:
        if self.state is not HoldState.ACTIVE or self.has_expired(now):
            ended = self.state if self.state is not HoldState.ACTIVE else HoldState.EXPIRED
            raise ReservationClosed(
                f"cannot {verb} hold {self.hold_id}: it is {ended}",
                hold_id=self.hold_id,
                state=ended.value,
                expires_at=self.expires_at.isoformat(),
            )
        return HOLDS.move(self.state, verb, self.hold_id)
