"""An invitation as one writes it without care for speed: templates, `icalendar`, `email`.

Each letter is made anew from the objects; nothing is shared with the next. The tests hold the
product's letters against it, and `make bench-letters` races them.
"""

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import icalendar
from django.conf import settings

from events import calendars
from events.disclosure import Role
from outbox.letters import compose
from outbox.message import one_line
from outbox.models import Message
from rsvps import links
from rsvps.contents import about_rsvp, personal
from rsvps.models import Rsvp


def invitation(rsvp: Rsvp, message: Message, now: datetime, *, message_id: str) -> bytes:
    """The whole letter, ready for the wire."""
    return put_together(rsvp, message, now, words=words(rsvp, message, now), message_id=message_id)


def words(rsvp: Rsvp, message: Message, now: datetime) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    return compose("invitation", about_rsvp(rsvp, now=now) | message.payload | personal(rsvp))


def put_together(
    rsvp: Rsvp, message: Message, now: datetime, *, words: tuple[str, str, str], message_id: str
) -> bytes:
    subject, text, html = words
    organizer = links.reply_address(rsvp)
    ics = calendar(rsvp, message, now, organizer=organizer)
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit"))
    mail["Subject"] = one_line(subject)
    mail["From"] = Address(settings.BRAND_NAME, addr_spec=organizer)
    mail["To"] = rsvp.supporter.email
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["Reply-To"] = settings.MAIL_FROM
    mail["List-Unsubscribe"] = f"<{links.unsubscribe_url(rsvp.supporter)}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(text)
    mail.add_alternative(html, subtype="html")
    mail.add_alternative(ics.decode(), subtype="calendar", params={"method": "REQUEST"})
    mail.add_attachment(ics, maintype="application", subtype="ics", filename="invite.ics")
    return mail.as_bytes()


def calendar(rsvp: Rsvp, message: Message, now: datetime, *, organizer: str) -> bytes:
    """The calendar object alone."""
    timeslot, event = rsvp.timeslot, rsvp.timeslot.event
    whole = icalendar.Calendar()
    whole.add("prodid", calendars.PRODID)
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("method", "REQUEST")
    entry = icalendar.Event()
    entry.add("uid", timeslot.uid)
    entry.add("dtstamp", now.astimezone(UTC))
    entry.add("dtstart", timeslot.starts_at.astimezone(UTC))
    entry.add("dtend", timeslot.ends_at.astimezone(UTC))
    entry.add("summary", calendars.one_line(event.title) or event.get_type_display())
    entry.add("class", "PRIVATE" if event.is_private else "PUBLIC")
    entry.add("status", "CONFIRMED")
    entry.add("description", calendars.description(timeslot, Role.GUEST))
    entry.add("location", calendars.place_for(event, Role.GUEST))
    entry.add("url", calendars.public_url(event))
    if not event.is_private and event.latitude is not None:
        entry.add("geo", (event.latitude, event.longitude))
    entry.add("sequence", message.version + message.revision)
    host = icalendar.vCalAddress(f"mailto:{organizer}")
    host.params["CN"] = settings.BRAND_NAME
    entry.add("organizer", host)
    guest = icalendar.vCalAddress(f"mailto:{rsvp.supporter.email}")
    guest.params["CUTYPE"] = "INDIVIDUAL"
    guest.params["ROLE"] = "REQ-PARTICIPANT"
    guest.params["PARTSTAT"] = "ACCEPTED"
    guest.params["RSVP"] = "TRUE"
    entry.add("attendee", guest)
    whole.add_component(entry)
    return whole.to_ical()
