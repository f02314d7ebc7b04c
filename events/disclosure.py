"""Who may see what: the one table of role x field, and the policies views declare.

Whatever is not listed here is denied. `rsvps` and `hosts` work out the viewer's role and pass
it down; pages, calendar objects, feeds and letters all ask `may_see`.
"""

from collections.abc import Callable
from enum import Enum, StrEnum
from typing import TypeVar

from events.models import Event
from events.states import EventState


class Role(StrEnum):
    """What somebody is to one event, at this request."""

    STRANGER = "stranger"
    GUEST = "guest"  # their own RSVP is accepted or tentative
    OTHER_GUEST = "other_guest"  # asked, declined, cancelled, removed, or of another event
    HOST = "host"
    COHOST = "cohost"
    OTHER_HOST = "other_host"
    REVIEWER = "reviewer"
    SENIOR = "senior"


class Field(StrEnum):
    """A thing about an event that somebody may or may not see."""

    PUBLIC_FACTS = "public_facts"  # title, type, words, times, access, picture, room left
    PUBLIC_PLACE = "public_place"
    EXACT_PLACE = "exact_place"  # venue, street, unit, exact position
    ARRIVAL = "arrival"  # a timeslot's instructions
    JOINING_LINK = "joining_link"
    CONTACT_NAME = "contact_name"
    CONTACT_PHONE = "contact_phone"
    CONTACT_EMAIL = "contact_email"
    HOST_ACCOUNT = "host_account"  # the host's own name, phone, e-mail and history
    GUEST_NAMES = "guest_names"  # names, party sizes and notes of guests
    GUEST_CONTACTS = "guest_contacts"  # their phone and e-mail, by contact actions only
    REVIEW_NOTES = "review_notes"
    LEDGER = "ledger"


_DESK = {Role.HOST, Role.COHOST, Role.REVIEWER, Role.SENIOR}
_STAFF = {Role.REVIEWER, Role.SENIOR}
_EVERYBODY = set(Role)

# An event whose address is public shows more of itself to strangers.
_PRIVATE: dict[Field, set[Role]] = {
    Field.PUBLIC_FACTS: _EVERYBODY,
    Field.PUBLIC_PLACE: _EVERYBODY,
    Field.EXACT_PLACE: _DESK | {Role.GUEST},
    Field.ARRIVAL: _DESK | {Role.GUEST},
    Field.JOINING_LINK: _DESK | {Role.GUEST},
    Field.CONTACT_NAME: _DESK | {Role.GUEST},
    Field.CONTACT_PHONE: _DESK | {Role.GUEST},
    Field.CONTACT_EMAIL: _DESK,
    Field.HOST_ACCOUNT: {Role.HOST} | _STAFF,
    Field.GUEST_NAMES: _DESK,
    Field.GUEST_CONTACTS: {Role.HOST} | _STAFF,
    Field.REVIEW_NOTES: {Role.HOST} | _STAFF,
    Field.LEDGER: {Role.HOST, Role.COHOST} | _STAFF,
}
_PUBLIC: dict[Field, set[Role]] = _PRIVATE | {
    Field.EXACT_PLACE: _EVERYBODY,
    Field.ARRIVAL: _EVERYBODY,
    Field.CONTACT_NAME: _EVERYBODY,
}


def may_see(role: Role, field: Field, event: Event) -> bool:
    """Whether somebody in `role` may see `field` of `event` now.

    Guests of an event that is not public any more (unlisted, rejected) see what strangers of
    a private event see: its address is gone at the next request.
    """
    if role == Role.GUEST and event.state not in {EventState.APPROVED, EventState.CANCELLED}:
        role = Role.OTHER_GUEST
    if (
        role == Role.GUEST
        and event.state == EventState.CANCELLED
        and event.is_private
        and field in {Field.EXACT_PLACE, Field.ARRIVAL, Field.JOINING_LINK}
    ):
        return False  # nobody needs the way to a party that will not be
    if event.state == EventState.UNLISTED and role not in _DESK:
        return field in {Field.PUBLIC_FACTS} and role == Role.OTHER_GUEST
    table = _PRIVATE if event.is_private else _PUBLIC
    return role in table[field]


class Policy(Enum):
    """Who may open a view at all. A route without one fails the tests."""

    PUBLIC = "anyone"
    TOKEN = "whoever holds the mailed link"  # noqa: S105
    ACCOUNT = "anyone logged in"
    HOST = "the event's host and co-hosts; others get 404"
    REVIEWER = "staff with a second factor"
    SENIOR = "senior staff with a second factor"
    DEMO = "demo mode only"
    OPERATOR = "health checks"


View = TypeVar("View", bound=Callable[..., object])


def policy(value: Policy) -> Callable[[View], View]:
    """Declare who may open a view; the guard itself stands in the view or its decorator."""

    def declare(view: View) -> View:
        view.policy = value  # type: ignore[attr-defined]
        return view

    return declare
