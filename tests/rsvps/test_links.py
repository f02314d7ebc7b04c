"""Links in letters: the same each time, revocable, and useless to whoever copies the tables."""

import re
from datetime import timedelta

import pytest

from rsvps import links
from rsvps.models import Guest, Rsvp, Supporter, Ticket
from tests.factories import make_guest, make_rsvp, make_supporter

pytestmark = pytest.mark.django_db


def token_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def reply_token_of(rsvp: Rsvp) -> str:
    return re.fullmatch(r"rsvp\+([\w-]{22})@.+", links.reply_address(rsvp))[1]


def test_link_is_the_same_each_time():
    guest = make_guest()
    assert links.manage_url(guest) == links.manage_url(Guest.objects.get(pk=guest.pk))


def test_manage_link_opens_its_own_guest_and_no_other():
    guest, other = make_guest(), make_guest()
    assert links.guest_by_token(token_of(links.manage_url(guest))) == guest
    assert links.guest_by_token(token_of(links.manage_url(other))) == other


def test_tokens_are_22_base64url_characters():
    assert re.fullmatch(r"[\w-]{22}", token_of(links.manage_url(make_guest())))


def test_links_follow_the_link_key_not_the_secret_key(settings):
    guest = make_guest()
    before = links.manage_url(guest)
    settings.SECRET_KEY = "another"
    assert links.manage_url(guest) == before
    settings.LINK_KEY = "another"
    assert links.manage_url(guest) != before


def test_a_token_for_one_purpose_opens_nothing_else():
    rsvp = make_rsvp()
    manage = token_of(links.manage_url(rsvp.guest))
    unsubscribe = token_of(links.unsubscribe_url(rsvp.supporter))
    reply = reply_token_of(rsvp)
    assert len({manage, unsubscribe, reply}) == 3
    assert links.guest_by_token(unsubscribe) is None
    assert links.guest_by_token(reply) is None
    assert links.supporter_by_token(manage) is None
    assert links.rsvp_by_reply_token(manage) is None


def test_reply_address_leads_to_its_rsvp():
    rsvp = make_rsvp()
    make_rsvp(rsvp.timeslot)
    assert links.rsvp_by_reply_token(reply_token_of(rsvp)) == rsvp


def test_unsubscribe_link_with_its_brackets_fits_74_characters(settings):
    settings.SITE_URL = "https://events.a-rather-long-campaign.org"
    url = links.unsubscribe_url(make_supporter())
    assert len(f"<{url}>") <= 74


def test_revoked_manage_link_stops_working_and_the_next_one_works():
    guest = make_guest()
    old = token_of(links.manage_url(guest))
    links.revoke(guest)
    assert links.guest_by_token(old) is None
    assert links.guest_by_token(token_of(links.manage_url(guest))) == guest


def test_revoking_the_manage_link_keeps_the_organizer_calendars_know():
    rsvp = make_rsvp()
    before = links.reply_address(rsvp)
    links.revoke(rsvp.guest)
    assert links.reply_address(rsvp) == before


def test_revoked_reply_address_stops_working_and_the_next_one_works():
    rsvp = make_rsvp()
    old = reply_token_of(rsvp)
    links.revoke_replies(rsvp.guest)
    assert links.rsvp_by_reply_token(old) is None
    assert links.rsvp_by_reply_token(reply_token_of(rsvp)) == rsvp


def test_database_holds_no_token():
    rsvp = make_rsvp()
    _ticket, raw = links.new_ticket(
        "confirm", guest=rsvp.guest, payload={}, lasts=timedelta(hours=1), now=rsvp.created_at
    )
    rows = [
        str(row) for model in (Guest, Rsvp, Supporter, Ticket) for row in model.objects.values()
    ]
    tokens = [
        raw,
        token_of(links.manage_url(rsvp.guest)),
        token_of(links.unsubscribe_url(rsvp.supporter)),
        reply_token_of(rsvp),
    ]
    assert [token for token in tokens if any(token in row for row in rows)] == []


def test_altered_token_opens_nothing():
    token = token_of(links.manage_url(make_guest()))
    altered = [token[:-1], token + "A", token.swapcase(), token[::-1], "", token + "\0", "é" * 22]
    assert [links.guest_by_token(word) for word in altered] == [None] * len(altered)


def test_ticket_is_spent_once(now):
    ticket, token = links.new_ticket(
        "confirm", guest=make_guest(), payload={"a": 1}, lasts=timedelta(hours=1), now=now
    )
    found = links.find_ticket(token)
    assert found == ticket
    assert links.is_good(found, now=now)
    assert links.redeem(found, now=now)
    assert not links.redeem(found, now=now)
    assert not links.is_good(links.find_ticket(token), now=now)


def test_expired_ticket_is_not_spent(now):
    ticket, _token = links.new_ticket(
        "confirm", guest=make_guest(), payload={}, lasts=timedelta(hours=1), now=now
    )
    later = now + timedelta(hours=1)
    assert not links.is_good(ticket, now=later)
    assert not links.redeem(ticket, now=later)


def test_tickets_are_random():
    guest = make_guest()
    tokens = {
        links.new_ticket(
            "x", guest=guest, payload={}, lasts=timedelta(hours=1), now=guest.created_at
        )[1]
        for _ in range(20)
    }
    assert len(tokens) == 20
    assert all(re.fullmatch(r"[\w-]{22}", token) for token in tokens)
