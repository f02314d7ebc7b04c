"""What letters to guests say: contexts for their templates, and the calendar object with them.

Every letter is made from the database as it stands when it leaves; its row's version and
revision only say which change it tells of. SEQUENCE is their sum.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format

from events import calendars
from events.disclosure import Field, Role, may_see
from events.event_page import nearby_url
from events.models import Event, Timeslot
from events.states import EventState
from outbox.letters import Letter, compose
from outbox.models import Message
from rsvps import links, wording
from rsvps.models import Guest, Rsvp, Supporter
from rsvps.sheets import MARKS, Sheet, everything, sheet
from rsvps.states import COMING, RsvpStatus

Context = dict[str, object]


def about_event(event: Event) -> Context:
    return {
        "event": event,
        "title": calendars.one_line(event.title) or event.get_type_display(),
        "event_url": calendars.public_url(event),
        "host_url": f"{settings.SITE_URL}/host/",
        "search_url": f"{settings.SITE_URL}{nearby_url(event)}",
    }


def about_timeslot(timeslot: Timeslot, *, now: datetime, role: Role = Role.GUEST) -> Context:
    """What a guest in `role` may know of a timeslot, for templates."""
    event = timeslot.event
    zone = ZoneInfo(event.timezone)
    facts = wording.facts_of(timeslot, role)
    phone = may_see(role, Field.CONTACT_PHONE, event)
    arrival = may_see(role, Field.ARRIVAL, event)
    return about_event(event) | {
        "when": facts.when,
        "short_when": date_format(timeslot.starts_at.astimezone(zone), "D, M j, g:i a"),
        "day_word": wording.day_word(timeslot, now),
        "date": wording.date_block(timeslot.starts_at, timeslot.event.timezone),
        "place": wording.place_lines(event, role),
        "transit": event.transit_notes if arrival and not event.is_virtual_only else "",
        "parking": event.parking_notes if arrival and not event.is_virtual_only else "",
        "joining_url": facts.joining_url,
        "joining_notes": event.joining_notes if facts.joining_url else "",
        "arrival": facts.arrival,
        "contact_name": event.contact_name if may_see(role, Field.CONTACT_NAME, event) else "",
        "contact_phone": event.contact_phone if phone else "",
    }


def greeting_name(supporter: Supporter) -> str:
    """Their first name, once they have proved that the address is theirs: until then anybody may
    have typed it, and no stranger's words go to somebody else's letter box."""
    if supporter.proved_at is None:
        return ""
    return calendars.one_line(supporter.name).partition(" ")[0]


def personal(rsvp: Rsvp) -> dict[str, str]:
    """What only this guest's letter says."""
    manage_url = links.manage_url(rsvp.guest)
    return {
        "name": greeting_name(rsvp.supporter),
        "manage_url": manage_url,
        "yes_url": f"{manage_url}coming/{rsvp.pk}/",
        "no_url": f"{manage_url}cannot/{rsvp.pk}/",
        "feedback_url": f"{manage_url}feedback/{rsvp.pk}/",
        "unsubscribe_url": links.unsubscribe_url(rsvp.supporter),
    }


def about_rsvp(rsvp: Rsvp, *, now: datetime) -> Context:
    """What the holder of an RSVP may know, without what is `personal`."""
    coming = rsvp.status in COMING
    role = Role.GUEST if coming else Role.OTHER_GUEST
    return about_timeslot(rsvp.timeslot, now=now, role=role) | {
        "party_size": rsvp.party_size,
        "coming": coming,
    }


def subject_id(message: Message) -> int:
    """The id in a subject key such as "rsvp:12"."""
    return int(message.subject_key.partition(":")[2])


def rsvps_of(messages: Iterable[Message]) -> dict[int, Rsvp]:
    """{message id: the RSVP it is about}, where it still is; those at one timeslot share it."""
    keys = {message.pk: subject_id(message) for message in messages}
    rsvps = Rsvp.objects.select_related("guest", "supporter").in_bulk(set(keys.values()))
    slots = {rsvp.timeslot_id for rsvp in rsvps.values()}
    timeslots = Timeslot.objects.select_related("event").in_bulk(slots)
    for rsvp in rsvps.values():
        rsvp.timeslot = timeslots[rsvp.timeslot_id]
    return {message: rsvps[key] for message, key in keys.items() if key in rsvps}


def rsvp_of(message: Message) -> Rsvp | None:
    """The RSVP a letter is about, as its batch found it or as it stands; None if gone."""
    return message.about or rsvps_of([message]).get(message.pk)


def _nothing_more(rsvp: Rsvp, message: Message) -> Context:
    return {}


# The facts of a timeslot that not everybody may know, neither the old nor the new.
_TOLD_TO_FEW = {
    "place": Field.EXACT_PLACE,
    "joining_url": Field.JOINING_LINK,
    "arrival": Field.ARRIVAL,
}


def what_changed(rsvp: Rsvp, message: Message) -> Context:
    event = rsvp.timeslot.event
    role = Role.GUEST if rsvp.status in COMING else Role.OTHER_GUEST
    now = wording.facts_of(rsvp.timeslot, role)
    hidden = {
        name: getattr(now, name)
        for name, field in _TOLD_TO_FEW.items()
        if not may_see(role, field, event)
    }
    return {"differences": wording.differences(message.payload["was"] | hidden, now)}


def whole_event(rsvp: Rsvp, message: Message) -> Context:
    return {"whole_event": rsvp.timeslot.event.state == EventState.CANCELLED}


def _not_waiting(rsvp: Rsvp, message: Message) -> bool:
    """A guest who waits for the host's answer has no entry: it would look like a seat."""
    return rsvp.status != RsvpStatus.PENDING


def always(rsvp: Rsvp, message: Message) -> bool:
    return True


def had_entry(rsvp: Rsvp, message: Message) -> bool:
    return bool(message.payload.get("entry"))


@dataclass(frozen=True)
class RsvpLetter:
    """A letter about one RSVP; `more` adds to the context.

    `frame` makes the calendar object, which goes into the letters `when` says.
    """

    template: str
    frame: Callable[[Timeslot], calendars.Frame] | None = None
    more: Callable[[Rsvp, Message], Context] = _nothing_more
    when: Callable[[Rsvp, Message], bool] = _not_waiting

    def render(self, message: Message, now: datetime) -> Letter:
        rsvp = rsvp_of(message)
        if rsvp is None:
            raise Rsvp.DoesNotExist(message.subject_key)
        return self.write(rsvp, message, now)

    def write(self, rsvp: Rsvp, message: Message, now: datetime) -> Letter:
        own = personal(rsvp)
        sheet = self._sheet(rsvp, message, now, named=bool(own["name"]))
        subject, text, html = sheet.fill(own)
        if sheet.frame is None:
            return Letter(subject, text, html, unsubscribe_url=own["unsubscribe_url"])
        address = links.reply_address(rsvp)
        return Letter(
            subject,
            text,
            html,
            from_email=address,
            from_name=settings.BRAND_NAME,
            # People who write back reach people; calendars answer the ORGANIZER.
            reply_to=settings.MAIL_FROM,
            calendar=sheet.frame.fill(
                sequence=message.version + message.revision,
                organizer=address,
                attendee=rsvp.supporter.email,
                now=now,
            ),
            calendar_method=sheet.frame.method,
            unsubscribe_url=own["unsubscribe_url"],
        )

    def _sheet(self, rsvp: Rsvp, message: Message, now: datetime, *, named: bool) -> Sheet:
        today = now.astimezone(ZoneInfo(rsvp.timeslot.event.timezone)).date()
        facts = everything(rsvp.timeslot, message.payload, today)
        return sheet(
            (self.template, facts, rsvp.status, rsvp.party_size, named),
            lambda: self._make(rsvp, message, now, named=named),
        )

    def _make(self, rsvp: Rsvp, message: Message, now: datetime, *, named: bool) -> Sheet:
        context = about_rsvp(rsvp, now=now) | message.payload | self.more(rsvp, message)
        marks = MARKS | ({} if named else {"name": ""})
        frame = self.frame(rsvp.timeslot) if self.frame and self.when(rsvp, message) else None
        return Sheet(*compose(self.template, context | marks), frame)


class GivenUpLetter:
    """To an address the guest gave up: the entry leaves its calendar, and no link is in it."""

    def render(self, message: Message, now: datetime) -> Letter:
        found = Rsvp.objects.select_related("timeslot__event")
        return self.write(found.get(pk=subject_id(message)).timeslot, message, now)

    def write(self, timeslot: Timeslot, message: Message, now: datetime) -> Letter:
        frame = calendars.cancel(timeslot)
        organizer = message.payload["organizer"]
        return Letter(
            *compose("given_up", about_timeslot(timeslot, now=now, role=Role.OTHER_GUEST)),
            from_email=organizer,
            from_name=settings.BRAND_NAME,
            reply_to=settings.MAIL_FROM,
            calendar=frame.fill(
                sequence=message.version + message.revision,
                organizer=organizer,
                attendee=message.recipient,
                now=now,
            ),
            calendar_method=frame.method,
        )


@dataclass(frozen=True)
class TicketLetter:
    """A letter of fixed text with a one-shot link; it may go to a stranger's address."""

    template: str

    def render(self, message: Message, now: datetime) -> Letter:
        guest = Guest.objects.select_related("event", "supporter").get(pk=subject_id(message))
        return self.write(guest, message, now)

    def write(self, guest: Guest, message: Message, now: datetime) -> Letter:
        url = settings.SITE_URL + reverse("confirm", kwargs={"token": message.payload["token"]})
        minutes = max(1, round((message.expires_at - now) / timedelta(minutes=1)))
        # The title was typed by a host and read by staff; of what the form's sender typed,
        # nothing is here.
        context = about_event(guest.event) | {
            "confirm_url": url,
            "minutes": minutes,
            "rush": message.payload.get("rush", False),
            "private": guest.event.is_private,
        }
        return Letter(*compose(self.template, context))


class ResendLetter:
    """ "Lost your letter?": everything to come, with its links."""

    def render(self, message: Message, now: datetime) -> Letter:
        supporter = Supporter.objects.get(pk=subject_id(message))
        rsvps = (
            Rsvp.objects.filter(supporter=supporter, timeslot__ends_at__gt=now)
            .exclude(status__in=[RsvpStatus.UNCONFIRMED, RsvpStatus.REMOVED])
            .filter(timeslot__event__state__in=[EventState.APPROVED, EventState.CANCELLED])
            .select_related("guest", "timeslot__event", "supporter")
            .order_by("timeslot__starts_at", "pk")
        )
        return self.write(supporter, rsvps, now)

    def write(self, supporter: Supporter, rsvps: Iterable[Rsvp], now: datetime) -> Letter:
        items = [about_rsvp(r, now=now) | personal(r) | {"rsvp": r} for r in rsvps]
        url = links.unsubscribe_url(supporter)
        return Letter(*compose("resend", {"rsvps": items}), unsubscribe_url=url)


class HostMessageLetter:
    """The host's own words to everybody coming."""

    def render(self, message: Message, now: datetime) -> Letter:
        guest = Guest.objects.select_related("event", "supporter").get(pk=subject_id(message))
        return self.write(guest, message, now)

    def write(self, guest: Guest, message: Message, now: datetime) -> Letter:
        unsubscribe_url = links.unsubscribe_url(guest.supporter)
        named = may_see(Role.GUEST, Field.CONTACT_NAME, guest.event)
        context = about_event(guest.event) | {
            "name": greeting_name(guest.supporter),
            "words": message.payload["words"],
            "contact_name": guest.event.contact_name if named else "",
            "manage_url": links.manage_url(guest),
            "unsubscribe_url": unsubscribe_url,
        }
        return Letter(*compose("host_message", context), unsubscribe_url=unsubscribe_url)
