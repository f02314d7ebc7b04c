"""axe-core finds nothing wrong on any kind of page: on a phone by day, on a desk by night."""

from datetime import timedelta
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.utils import timezone

from events.spatial import index_event
from events.states import EventState, EventType, TimeslotState
from hosts.models import StaffRole, User
from outbox.letters import kinds
from rsvps import links
from rsvps.states import RsvpStatus
from tests.factories import (
    make_event,
    make_host,
    make_rsvp,
    make_timeslot,
    make_user,
    use_second_factor,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    # axe is a script; a page without scripts would never answer it.
    pytest.mark.parametrize("browser_context_args", ["with JavaScript"], indirect=True),
]

AXE = (Path(__file__).parent.parent / "vendor" / "axe-core" / "axe.min.js").read_text()
LOOKS = [
    ({"width": 375, "height": 760}, "light"),
    ({"width": 1280, "height": 860}, "dark"),
]
RUN = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"]});
  const why = (node) => node.any.concat(node.all).map((check) => check.message).join("; ");
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${why(node)}`)
  );
}"""


@pytest.fixture
def check(page, live_server):
    """Opens pages and gathers what axe finds on them, what the console says, what overflows."""

    def run(paths: list[str], *, user: User | None = None, statuses: tuple[int, ...] = (200,)):
        if user:
            page.context.add_cookies([session_cookie(user, live_server.url)])
        faults: list[str] = []
        page.on("console", lambda message: _note(faults, page, message))
        for path in paths:
            for size, scheme in LOOKS:
                page.set_viewport_size(size)
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                answer = page.goto(live_server.url + path)
                assert answer.status in statuses, f"{path} answered {answer.status}"
                page.evaluate(AXE)
                faults += [f"{path} {scheme}: {fault}" for fault in page.evaluate(RUN)]
                if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                    faults.append(f"{path} is wider than {size['width']} px")
        assert not faults, "\n".join(faults)

    return run


def _note(faults: list[str], page, message) -> None:
    if message.type == "error" and "the server responded with a status of" not in message.text:
        faults.append(f"{page.url}: console: {message.text}")


def session_cookie(user: User, url: str) -> dict[str, str]:
    """A log-in, as the browser keeps it; staff have used their second factor."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    if user.staff_role:
        use_second_factor(session, user)
    session.save()
    return {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}


DESCRIPTION = (
    "#### What we do\n\nCome by.\n\n- coffee\n- **cake**\n\n[Read more](https://example.org)"
)


def test_pages_anyone_may_open(check):
    public = make_event(description=DESCRIPTION, wheelchair="yes", parking_notes="On Elm Street")
    make_timeslot(public, capacity=9, instructions="By the side door")
    make_timeslot(public, capacity=2, seats_taken=2)
    home = make_event(private=True, official=True)
    make_timeslot(home, capacity=4)
    full = make_event()
    make_timeslot(full, capacity=1, seats_taken=1)
    cancelled = make_event(state=EventState.CANCELLED, cancel_note="The hall flooded.")
    make_timeslot(cancelled)
    events = (public, home, full, cancelled)
    for event in events:
        index_event(event, now=timezone.now())
    check([event.get_absolute_url() for event in events])
    check(
        ["/", "/events/", "/events/?near=43215", "/events/?near=Portland", "/events/?near=nowhere"]
    )
    check(["/terms/", "/privacy/", "/contact/", "/agreement/", "/rsvp/resend/"])


def test_account_pages(check):
    check(["/accounts/login/", "/accounts/signup/", "/accounts/login/code/"])


def test_account_pages_of_somebody_logged_in(check):
    check(
        [
            "/accounts/email/",
            "/accounts/2fa/",
            "/accounts/password/set/",
            "/accounts/logout/",
        ],
        user=make_host().user,
    )


def test_the_hosts_pages(check):
    host = make_host().user
    event = make_event(host=host, private=True, approve_each_guest=True)
    slot = make_timeslot(event, capacity=9, instructions="By the side door")
    gone = make_timeslot(event, state=TimeslotState.CANCELLED)
    guest = make_rsvp(slot, party_size=3, note="We bring pie")
    make_rsvp(slot, status=RsvpStatus.PENDING)
    draft = make_event(host=host, state=EventState.DRAFT)
    make_timeslot(draft)
    back = make_event(host=host, state=EventState.SENT_BACK, state_note="Which door?")
    make_timeslot(back)
    check(
        [
            "/host/",
            "/host/become/",
            "/host/events/new/",
            *[f"/host/events/{event.pk}/{end}" for end in ("", "edit/", "guests/", "write/")],
            *[f"/host/events/{event.pk}/{end}" for end in ("times/add/", "cancel/", "unlist/")],
            f"/host/events/{draft.pk}/edit/",
            f"/host/events/{draft.pk}/check/",
            f"/host/events/{back.pk}/",
            f"/host/times/{slot.pk}/",
            f"/host/times/{gone.pk}/",
            f"/host/guests/{guest.pk}/",
        ],
        user=host,
    )


def test_a_desk_without_events(check):
    check(["/host/"], user=make_host().user)


def test_the_guests_pages(check):
    home = make_event(private=True, contact_phone="+16145550123")
    slot = make_timeslot(home, capacity=9, instructions="Ring twice")
    make_timeslot(home, capacity=1, seats_taken=1)
    coming = make_rsvp(slot, party_size=2)
    gone = make_rsvp(slot, status=RsvpStatus.CANCELLED)
    canvass = make_event(type=EventType.CANVASS)
    make_timeslot(canvass)
    full = make_timeslot(make_event(), capacity=1, seats_taken=1)
    check([f"/events/{event.pk}/rsvp/" for event in (home, canvass, full.event)])
    mailed = [links.manage_url(rsvp.guest) for rsvp in (coming, gone)]
    mailed.append(links.unsubscribe_url(coming.supporter))
    check([urlsplit(address).path for address in mailed])
    check([f"/r/{'x' * 22}/"], statuses=(404,))


def test_the_pages_behind_reminders_and_thanks(check):
    now = timezone.now()
    rsvp = make_rsvp(make_timeslot(make_event(private=True)))
    past = make_rsvp(make_timeslot(starts_at=now - timedelta(hours=4)))
    gone = make_rsvp(rsvp.timeslot, status=RsvpStatus.CANCELLED)
    off = make_rsvp(make_timeslot(state=TimeslotState.CANCELLED))
    asked = [
        (rsvp, "coming"),
        (rsvp, "cannot"),
        (past, "feedback"),
        (past, "feedback", "?said=1"),
        (past, "coming"),
        (gone, "coming"),
        (off, "cannot"),
    ]
    check([_answer_page(*page) for page in asked])


def _answer_page(rsvp, name, query=""):
    return f"{urlsplit(links.manage_url(rsvp.guest)).path}{name}/{rsvp.pk}/{query}"


@pytest.mark.parametrize("size", [375, 600])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_letter_as_a_mail_program_shows_it(page, size, scheme):
    page.set_viewport_size({"width": size, "height": 700})
    page.emulate_media(color_scheme=scheme)
    faults = []
    for name, kind in kinds().items():
        if kind.example is None:
            continue
        page.set_content(kind.example(timezone.now()).html)
        page.evaluate(AXE)
        faults += [f"{name}: {fault}" for fault in page.evaluate(RUN) if "landmark" not in fault]
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        faults += [f"{name}: {wide} px too wide"] if wide > 0 else []
    assert not faults, "\n".join(faults)


def test_the_staffs_desk(check):
    senior = make_user(staff_role=StaffRole.SENIOR)
    waiting = make_event(state=EventState.SUBMITTED)
    make_timeslot(waiting)
    check(
        [
            "/review/",
            "/review/events/",
            f"/review/events/{waiting.pk}/",
            f"/review/events/{waiting.pk}/fix/",
            "/review/staff/",
            "/review/records/",
            "/review/letters/",
            "/review/letters/all/",
            "/review/letters/kinds/",
            "/review/letters/kinds/invitation/",
            "/review/texts/",
            "/review/texts/terms/",
            "/review/texts/agreement/",
        ],
        user=senior,
    )


def test_pages_for_what_went_wrong(check):
    check(["/no-such-page/"], statuses=(404,))
