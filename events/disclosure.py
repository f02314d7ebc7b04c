"""Who may see what: the one table of role x field, and the policies views declare.

Whatever is not listed here is denied. `rsvps` and `hosts` work out the viewer's role and pass
it down; pages, calendar objects, feeds and letters all ask `may_see`.
"""

from collections.abc import Callable
from enum import Enum, StrEnum
from typing import TypeVar

from events.facts import PublicEvent
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
    ARRIVAL = "arrival"  # a timeslot's instructions, and where to park or get off the bus
    JOINING_LINK = "joining_link"
    CONTACT_NAME = "contact_name"
    CONTACT_PHONE = "contact_phone"
    CONTACT_EMAIL = "contact_email"
    HOST_NAME = "host_name"  # the name of the host's account
    HOST_ACCOUNT = "host_account"  # its phone, e-mail and history
    COHOSTS = "cohosts"  # who helps, and who was asked to
    GUEST_NAMES = "guest_names"  # names, party sizes, notes of guests, and what they said
    GUEST_CONTACTS = "guest_contacts"  # their phone and e-mail, by contact actions only
    REVIEW_NOTES = "review_notes"
    REPORTS = "reports"  # what visitors told staff about the event
    UNSENT_WORDS = "unsent_words"  # what the host typed and has not sent
    LEDGER = "ledger"


_DESK = {Role.HOST, Role.COHOST, Role.REVIEWER, Role.SENIOR}
_STAFF = {Role.REVIEWER, Role.SENIOR}
_EVERYBODY = set(Role)
_PUBLIC_STATES = {EventState.APPROVED, EventState.CANCELLED}

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
    Field.HOST_NAME: _DESK | {Role.OTHER_GUEST},  # somebody asked to help must know by whom
    Field.HOST_ACCOUNT: {Role.HOST} | _STAFF,
    Field.COHOSTS: _DESK,
    Field.GUEST_NAMES: _DESK,
    Field.GUEST_CONTACTS: {Role.HOST} | _STAFF,
    Field.REVIEW_NOTES: {Role.HOST} | _STAFF,
    Field.REPORTS: _STAFF,
    Field.UNSENT_WORDS: {Role.HOST, Role.COHOST},
    Field.LEDGER: _DESK,
}
_PUBLIC: dict[Field, set[Role]] = _PRIVATE | {
    Field.EXACT_PLACE: _EVERYBODY,
    Field.ARRIVAL: _EVERYBODY,
    Field.CONTACT_NAME: _EVERYBODY,
}


def may_see(role: Role, field: Field, event: PublicEvent) -> bool:
    """Whether somebody in `role` may see `field` of `event` now.

    Guests of an event that is not public any more (unlisted, rejected) see what strangers of
    a private event see: its address is gone at the next request.
    """
    if role == Role.GUEST and event.state not in _PUBLIC_STATES:
        role = Role.OTHER_GUEST
    if (
        role == Role.GUEST
        and event.state == EventState.CANCELLED
        and event.is_private
        and field in {Field.EXACT_PLACE, Field.ARRIVAL, Field.JOINING_LINK}
    ):
        return False  # nobody needs the way to a party that will not be
    if event.state not in _PUBLIC_STATES and role not in _DESK:
        # Guests may learn which event is gone; somebody asked to help, with what and by whom.
        return role == Role.OTHER_GUEST and field in {Field.PUBLIC_FACTS, Field.HOST_NAME}
    table = _PRIVATE if event.is_private else _PUBLIC
    return role in table[field]


# What each surface shows beside the public facts and place: a page by its route's name, or the
# answer to one of its buttons ("route/button"), or a letter ("letter/kind"). What a stranger may
# see of an event may stand anywhere.
_WAY_THERE = {Field.EXACT_PLACE, Field.ARRIVAL, Field.JOINING_LINK}
_CONTACT = {Field.CONTACT_NAME, Field.CONTACT_PHONE}
_WHOLE_EVENT = _WAY_THERE | _CONTACT | {Field.CONTACT_EMAIL}
_REVIEW = {Field.HOST_NAME, Field.HOST_ACCOUNT, Field.REVIEW_NOTES, Field.REPORTS}
SURFACES: dict[str, set[Field]] = {
    "manage": _WAY_THERE | _CONTACT,
    "cohost_answer": {Field.HOST_NAME},
    "host_become": {Field.HOST_NAME, Field.HOST_ACCOUNT},
    "account_email": {Field.HOST_ACCOUNT},
    # All that is kept about a host, for themselves: their events are theirs.
    "account_data/download": _WHOLE_EVENT
    | {Field.HOST_NAME, Field.HOST_ACCOUNT, Field.REVIEW_NOTES, Field.UNSENT_WORDS},
    # A button of a page that refuses what was typed shows the page again.
    **dict.fromkeys(
        ("host_event", "host_cohost_ask", "host_event_pin"),
        _WAY_THERE | {Field.COHOSTS, Field.GUEST_NAMES, Field.REVIEW_NOTES},
    ),
    "host_event_edit": _WHOLE_EVENT | {Field.COHOSTS, Field.UNSENT_WORDS, Field.REVIEW_NOTES},
    "host_event_check": _WHOLE_EVENT | {Field.COHOSTS},
    "host_event_print": {Field.GUEST_NAMES},
    "host_guest": {Field.GUEST_NAMES},
    "host_guest/contact": {Field.GUEST_CONTACTS},
    "host_time_add": {Field.ARRIVAL},
    "review_queue": {Field.HOST_NAME},
    "review_find": {Field.HOST_NAME},
    "review_event": _WHOLE_EVENT | _REVIEW,
    "review_decide": _WHOLE_EVENT | _REVIEW,
    "review_pin": _WHOLE_EVENT | _REVIEW,
    "review_fix": _WHOLE_EVENT,
    "review_fix_date": {Field.ARRIVAL},
    "ledger": {Field.LEDGER, Field.GUEST_CONTACTS},
    "ledger_event": {Field.LEDGER, Field.GUEST_CONTACTS},
    "ledger_letters": {Field.LEDGER, Field.GUEST_CONTACTS, Field.COHOSTS},
    "letter/invitation": _WAY_THERE | _CONTACT,
    "letter/change": _WAY_THERE | _CONTACT,
    "letter/party_change": _WAY_THERE | _CONTACT,
    "letter/reminder_day_before": _WAY_THERE | _CONTACT,
    "letter/reminder_on_the_day": _WAY_THERE | _CONTACT,
    "letter/host_message": {Field.CONTACT_NAME},
    "letter/new_rsvps": {Field.GUEST_NAMES, Field.HOST_NAME},
    "letter/submitted": {Field.HOST_NAME},
    "letter/cohost_request": {Field.HOST_NAME},
    **{
        f"letter/host_{step}": {Field.HOST_NAME, Field.REVIEW_NOTES}
        for step in ("cancelled_by_staff", "fixed", "rejected", "sent_back", "unlisted")
    },
    **{f"letter/host_{step}": {Field.HOST_NAME} for step in ("approved", "relisted")},
    # The admin, for repairs: where somebody's home is stands on the review desk alone.
    "admin:events_event_change": _CONTACT
    | {Field.CONTACT_EMAIL, Field.HOST_NAME, Field.REVIEW_NOTES},
    "admin:events_event_changelist": {Field.HOST_NAME},
    "admin:hosts_cohost_changelist": {Field.COHOSTS},
    "admin:hosts_host_changelist": {Field.HOST_NAME},
    "admin:hosts_user_changelist": {Field.HOST_NAME, Field.HOST_ACCOUNT},
    "admin:rsvps_supporter_changelist": {Field.GUEST_CONTACTS},
    "admin:hosts_cohost_change": {Field.COHOSTS},
    "admin:hosts_eventreport_change": {Field.REPORTS},
    "admin:hosts_host_change": {Field.HOST_NAME, Field.HOST_ACCOUNT},
    "admin:hosts_host_history": {Field.HOST_NAME},
    "admin:hosts_user_change": {Field.HOST_NAME, Field.HOST_ACCOUNT},
    "admin:hosts_user_history": {Field.HOST_NAME},
    "admin:hosts_vettingdecision_change": {Field.REVIEW_NOTES},
    "admin:outbox_message_change": {Field.COHOSTS, Field.GUEST_CONTACTS, Field.LEDGER},
    "admin:rsvps_rsvp_change": {Field.GUEST_NAMES},
    "admin:rsvps_supporter_change": {Field.GUEST_NAMES, Field.GUEST_CONTACTS},
}


def may_show(surface: str, role: Role, field: Field, event: PublicEvent) -> bool:
    """Whether `surface` may show `field` of `event` to somebody in `role` now."""
    shown = {Field.PUBLIC_FACTS, Field.PUBLIC_PLACE} | SURFACES.get(surface, set())
    shown |= SURFACES.get(surface.partition("/")[0], set())  # the page a button stands on
    return may_see(Role.STRANGER, field, event) or (field in shown and may_see(role, field, event))


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
