"""Turn a hold into an order's commitment: what the order needs of it, and what it gives back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from fulfillment.domain.holds import Hold
from fulfillment.domain.stock import Entry, EntryReason
from fulfillment.services.hold_entries import hold_entries
from fulfillment.store.posting import Position


@dataclass(frozen=True, slots=True)
class Conversion:
    """A hold that becomes part of an order.

    Attributes
    ----------
    hold : Hold
        As it is afterwards; `write_states` of `fulfillment/store/holds.py` writes it.
    entries : tuple of Entry
        Post them in the order's own group, before its other entries: units given back count for those.
    missing : dict
        Units by position that the order needs and the hold did not have.
    """

    hold: Hold
    entries: tuple[Entry, ...]
    missing: dict[Position, int]


def convert_hold(
    hold: Hold, needed: Mapping[Position, int], *, order_id: str, actor: str, now: datetime
) -> Conversion:
    """Commit what `needed` and the hold have in common, and release the rest of the hold.

    Parameters
    ----------
    hold : Hold
        Locked by the caller.
    needed : mapping
        Units of the order by position.

    Raises
    ------
    ReservationClosed
        When it has ended or its time is over: others may have its units already.
    """
    converted = hold.converted(now=now)
    held = hold.units_by_position()
    kept = {position: min(qty, needed[position]) for position, qty in held.items() if position in needed}
    freed = {position: qty - kept.get(position, 0) for position, qty in held.items()}
    entries = [
        *hold_entries(converted, EntryReason.COMMIT, kept.items(), actor=actor, now=now, reference=order_id),
        *hold_entries(
            converted, EntryReason.RELEASE, [each for each in freed.items() if each[1]], actor=actor, now=now
        ),
    ]
    missing = {position: qty - kept.get(position, 0) for position, qty in needed.items()}
    return Conversion(converted, tuple(entries), {position: qty for position, qty in missing.items() if qty})
