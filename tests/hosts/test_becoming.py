"""Becoming a host, and the agreement they accept."""

import pytest
from django.utils import timezone

from hosts.agreement import (
    FIRST_TEXT,
    AgreementChanged,
    accept_agreement,
    current_agreement,
    has_accepted,
)
from hosts.hosting import become_host
from hosts.models import AgreementAcceptance, Host, HostAgreement
from tests.factories import make_host, make_user

pytestmark = pytest.mark.django_db
FILLED = {"name": "Robin Sample", "phone": "(614) 555-0123", "postal_code": "43215-1234",
          "version": "1", "agree": "on"}  # fmt: skip


def become(client, **values):
    return client.post("/host/become/", FILLED | values)


def test_a_stranger_is_sent_to_log_in_and_comes_back(client):
    answer = client.get("/host/become/?next=/host/events/new/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_a_user_becomes_a_host_with_what_they_typed_in_one_clean_form(client):
    user = make_user(name="")
    client.force_login(user)

    answer = become(client)

    assert answer["Location"] == "/host/events/new/"
    host = Host.objects.get(user=user)
    assert (host.phone, host.postal_code) == ("+16145550123", "43215")
    user.refresh_from_db()
    assert user.name == "Robin Sample"


def test_the_acceptance_is_kept_with_its_version_and_time(client):
    user = make_user()
    client.force_login(user)
    before = timezone.now()

    become(client)

    acceptance = AgreementAcceptance.objects.get(host__user=user)
    assert acceptance.agreement.version == 1
    assert acceptance.agreement.text == FIRST_TEXT
    assert before <= acceptance.accepted_at <= timezone.now()


def test_the_page_shows_the_agreement_and_looking_at_it_writes_nothing(client):
    client.force_login(make_user())
    page = client.get("/host/become/").content.decode()
    assert "Everyone is welcome" in page
    assert not HostAgreement.objects.exists()


def test_without_the_box_ticked_nobody_becomes_a_host(client):
    client.force_login(make_user())
    page = become(client, agree="")
    assert "check the box" in page.content.decode()
    assert not Host.objects.exists()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": " \u200b "}, "tell us your name"),
        ({"phone": "call me"}, "look like a phone number"),
        ({"postal_code": "00000"}, "know the ZIP code “00000.”"),
        ({"postal_code": "<script>"}, "know the ZIP code"),
    ],
)
def test_what_cannot_be_read_is_shown_again_with_what_is_wrong(client, values, words):
    client.force_login(make_user())
    page = become(client, **values).content.decode()
    assert words in page
    assert "<script>" not in page
    assert not Host.objects.exists()


def test_one_goes_on_to_where_one_wanted_to_go_but_never_to_another_site(client):
    client.force_login(make_user())
    assert become(client, next="/host/events/new/?type=canvass")["Location"] == (
        "/host/events/new/?type=canvass"
    )
    for nowhere in ("https://evil.example/", "//evil.example", "nonsense", "home"):
        assert become(client, next=nowhere)["Location"] == "/host/events/new/"


def test_pressing_twice_makes_one_host_and_one_acceptance(client):
    client.force_login(make_user())
    become(client)
    become(client, phone="614 555 0199")
    assert Host.objects.get().phone == "+16145550199"
    assert AgreementAcceptance.objects.count() == 1


def test_the_form_shows_a_known_phone_as_people_write_it(client):
    client.force_login(make_user())
    become(client)
    assert "(614) 555-0123" in client.get("/host/become/").content.decode()


def test_a_version_published_while_one_reads_must_be_read_first(client):
    client.force_login(make_user())
    HostAgreement.objects.create(version=2, text="New rules.", published_at=timezone.now())

    page = become(client, version="1").content.decode()

    assert "The agreement changed a moment ago" in page
    assert "New rules." in page
    assert 'name="version" value="2"' in page
    assert not Host.objects.exists()


def test_a_new_version_is_not_accepted_by_the_old_acceptance(now):
    host = make_host()
    accept_agreement(host, version=1, now=now)
    assert has_accepted(host)

    HostAgreement.objects.create(version=2, text="New rules.", published_at=now)

    assert current_agreement().version == 2
    assert not has_accepted(host)
    with pytest.raises(AgreementChanged):
        accept_agreement(host, version=1, now=now)


def test_becoming_a_host_needs_the_version_in_force(now):
    with pytest.raises(AgreementChanged):
        become_host(
            make_user(), name="R", phone="+16145550123", postal_code="43215",
            agreement_version=7, now=now,
        )  # fmt: skip
    assert not Host.objects.exists()


def test_somebody_who_is_no_host_is_asked_to_become_one_before_an_event(client):
    client.force_login(make_user())
    assert client.get("/host/events/new/")["Location"].startswith("/host/become/?next=")
