"""Real objects for tests, made with as few words as the test needs.

Every default is a believable value; a test names only what it is about. Instants default to
days around the present, so that views (which ask the clock) and domain functions (which are
told the time) agree; travel with time_machine where a test needs a fixed clock.
"""

from datetime import datetime, timedelta
from itertools import count

import h3
from allauth.mfa.models import Authenticator
from django.utils import timezone

from events.models import Event, Timeslot
from events.states import (
    Accuracy,
    AddressVisibility,
    AttendanceMode,
    EventState,
    EventType,
    TimeslotState,
)
from hosts.models import Host, StaffRole, User
from rsvps import links
from rsvps.models import Guest, Rsvp, Supporter
from rsvps.states import SEATED, RsvpStatus

_number = count(1)

# A real block in Columbus, Ohio; a private event's public place is its cell's centre.
LATITUDE, LONGITUDE = 39.96120, -82.99880
STREET = "41 South Elm Street"


def make_user(*, email: str = "", name: str = "", staff_role: str = StaffRole.NONE, **fields):
    """A User who can log in with `client.force_login(user)`."""
    number = next(_number)
    return User.objects.create_user(
        email=email or f"user{number}@example.org",
        name=name or f"Robin Sample-{number}",
        staff_role=staff_role,
        **fields,
    )


def make_host(*, user: User | None = None, trusted: bool = False, **user_fields) -> Host:
    """A Host; its User is `.user`."""
    now = timezone.now()
    return Host.objects.create(
        user=user or make_user(**user_fields),
        phone="+16145550123",
        postal_code="43215",
        trusted_at=now if trusted else None,
        created_at=now,
    )


def make_event(
    *,
    host: User | None = None,
    state: str = EventState.APPROVED,
    private: bool = False,
    virtual: bool = False,
    latitude: float = LATITUDE,
    longitude: float = LONGITUDE,
    **fields,
) -> Event:
    """An Event without timeslots; approved and with a public address unless said otherwise.

    `private=True` makes it a house party whose public place is its H3 cell's centre.
    """
    now = timezone.now()
    published = state in {EventState.APPROVED, EventState.CANCELLED, EventState.UNLISTED}
    values = {
        "host": host or make_host().user,
        "state": state,
        "type": EventType.HOUSE_PARTY if private else EventType.MEETING,
        "title": "Neighbours for a new library",
        "description": "Come and hear what we are planning.",
        "address_visibility": AddressVisibility.PRIVATE if private else AddressVisibility.PUBLIC,
        "timezone": "America/New_York",
        "contact_name": "Robin Sample",
        "contact_phone": "+16145550123",
        "contact_email": "robin@example.org",
        "created_at": now,
        "updated_at": now,
        "submitted_at": None if state == EventState.DRAFT else now,
        "published_at": now if published else None,
    }
    if virtual:
        values |= {
            "attendance_mode": AttendanceMode.VIRTUAL,
            "joining_url": "https://meet.example.org/library",
        }
    else:
        values |= _place(latitude, longitude, private=private)
    return Event.objects.create(**values | fields)


def _place(latitude: float, longitude: float, *, private: bool) -> dict[str, object]:
    public = (latitude, longitude)
    if private:
        public = h3.cell_to_latlng(h3.latlng_to_cell(latitude, longitude, 7))
    return {
        "venue": "" if private else "Elm Street Hall",
        "street": STREET,
        "unit": "Apt 4" if private else "",
        "city": "Columbus",
        "state_code": "OH",
        "postal_code": "43215",
        "latitude": latitude,
        "longitude": longitude,
        "accuracy": Accuracy.ROOFTOP,
        "public_latitude": public[0],
        "public_longitude": public[1],
        "public_city": "Columbus",
        "public_state_code": "OH",
        "public_postal_code": "43215",
        "public_county": "Franklin County",
    }


def make_timeslot(
    event: Event | None = None,
    *,
    starts_at: datetime | None = None,
    hours: float = 2,
    capacity: int | None = None,
    state: str = TimeslotState.OPEN,
    **fields,
) -> Timeslot:
    """A Timeslot three days from now, with unlimited room unless `capacity` says otherwise."""
    now = timezone.now()
    starts_at = starts_at or now.replace(minute=0, second=0, microsecond=0) + timedelta(days=3)
    return Timeslot.objects.create(
        event=event or make_event(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        capacity=capacity,
        state=state,
        changed_at=now,
        **fields,
    )


def make_supporter(*, email: str = "", name: str = "", **fields) -> Supporter:
    number = next(_number)
    supporter = Supporter.objects.create(
        email=email or f"guest{number}@example.org",
        name=name or f"Alex Guest-{number}",
        postal_code=fields.pop("postal_code", "43215"),
        created_at=fields.pop("created_at", timezone.now()),
        proved_at=fields.pop("proved_at", timezone.now()),
        **fields,
    )
    links.seal_supporter(supporter)
    return supporter


def make_guest(event: Event | None = None, *, supporter: Supporter | None = None, **fields):
    """A Guest (one supporter at one event) without RSVPs."""
    guest = Guest.objects.create(
        supporter=supporter or make_supporter(),
        event=event or make_event(),
        created_at=timezone.now(),
        **fields,
    )
    links.seal_guest(guest)
    return guest


def make_rsvp(
    timeslot: Timeslot | None = None,
    *,
    supporter: Supporter | None = None,
    email: str = "",
    status: str = RsvpStatus.ACCEPTED,
    party_size: int = 1,
    **fields,
) -> Rsvp:
    """An Rsvp with its guest and supporter; the timeslot's seats are counted."""
    timeslot = timeslot or make_timeslot()
    if supporter is None:
        supporter = Supporter.objects.filter(email=email).first() if email else None
        supporter = supporter or make_supporter(email=email)
    guest = Guest.objects.filter(supporter=supporter, event=timeslot.event).first() or make_guest(
        timeslot.event, supporter=supporter
    )
    now = timezone.now()
    rsvp = Rsvp.objects.create(
        guest=guest,
        supporter=supporter,
        timeslot=timeslot,
        status=status,
        party_size=party_size,
        created_at=now,
        changed_at=now,
        **fields,
    )
    links.seal_rsvps(guest, [rsvp])
    if status in SEATED:
        timeslot.seats_taken += party_size
        timeslot.save(update_fields=["seats_taken"])
    return rsvp


def make_staff(*, user: User | None = None, senior: bool = False, **fields) -> User:
    """Staff with a second factor set up."""
    role = StaffRole.SENIOR if senior else StaffRole.REVIEWER
    user = user or make_user(staff_role=role, **fields)
    Authenticator.objects.create(
        user=user, type=Authenticator.Type.TOTP, data={"secret": "KRSXG5CTMVRXEZLU"}
    )
    return user


def log_in_staff(client, *, user: User | None = None, senior: bool = False) -> User:
    """Staff logged in with a second factor set up and used in this session."""
    user = make_staff(user=user, senior=senior)
    client.force_login(user)
    session = client.session
    use_second_factor(session, user)
    session.save()
    return user


def use_second_factor(session, user: User) -> None:
    """Mark the session as one in which `user` has shown their second factor just now."""
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [
        {"method": "mfa", "type": "totp", "at": timezone.now().timestamp()}
    ]
