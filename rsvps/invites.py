"""Letters that keep guests' calendars true: invitations, changes, cancellations.

Each function writes rows of the ledger inside its caller's transaction; call it in the same
transaction as the change it tells of, after the change is saved. Posting twice is harmless.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from events.models import Event, Timeslot
from rsvps.models import Guest, Rsvp, Supporter


def post_invitation(rsvp: Rsvp, *, now: datetime, approved: bool = False) -> None:
    """The invitation to one timeslot, once `rsvp` is accepted: new, back, or `approved`."""


def post_party_change(rsvp: Rsvp, *, was: int, now: datetime) -> None:
    """Confirms a party of a new size (it was `was`); the calendar entry stays as it is."""


def post_cancelled(rsvp: Rsvp, *, now: datetime) -> None:
    """The guest cancelled: CANCEL for their calendar, and the way back."""


def post_removed(rsvp: Rsvp, *, now: datetime, words: str = "") -> None:
    """The host took the guest off the list: CANCEL for their calendar."""


def post_pending(rsvp: Rsvp, *, now: datetime) -> None:
    """The host answers each guest: no calendar object, it would look like a seat."""


def post_declined_by_host(rsvp: Rsvp, *, now: datetime, words: str = "") -> None:
    """The host cannot have this guest: no calendar object, they never had one."""


def post_confirm_address(supporter: Supporter, *, token: str, event: Event, now: datetime) -> None:
    """The fixed-text letter behind whose link an unconfirmed RSVP is confirmed.

    `token` is the raw one-shot ticket; none of the words typed into the form is used.
    """


def post_second_form(guest: Guest, *, token: str, now: datetime) -> None:
    """A second form came under a known address: `token`'s button makes it count."""


def post_new_address(guest: Guest, *, to: str, token: str, now: datetime) -> None:
    """The guest asked for another address: fixed text to the new one, with `token`'s button."""


def post_resend(supporter: Supporter, *, now: datetime) -> None:
    """ "Lost your letter?": one letter with the manage links of everything still to come."""


def post_changes(changes: Any, *, now: datetime, words: str = "") -> int:
    """Tells everybody coming what `changes` (lifecycle.Changes) did to their timeslots.

    Returns the number of letters. `words` is the host's or staff's note with a cancellation.
    """
    return 0


def post_host_message(
    event: Event, *, words: str, timeslots: Iterable[Timeslot], by: int, now: datetime
) -> int:
    """The host's message (plain text) to everybody coming to `timeslots`, once each person.

    `by` is the account's id, for staff. Returns the number of letters.
    """
    return 0
