"""Who somebody is at an event, and who gets past a guard."""

import pytest
from allauth.mfa.models import Authenticator
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from events.disclosure import Role
from hosts.models import CoHost, StaffRole
from hosts.roles import (
    get_own_event_or_404,
    reviewer_required,
    second_factor_used,
    senior_required,
    viewer_role,
)
from hosts.vetting import has_own_interest
from tests.factories import log_in_staff, make_event, make_host, make_user

pytestmark = pytest.mark.django_db


def make_cohost(event, *, user=None, accepted=True, removed=False):
    user = user or make_user()
    now = timezone.now()
    return CoHost.objects.create(
        event=event,
        email=user.email,
        user=user,
        token_digest=f"digest-{user.pk}",
        invited_at=now,
        accepted_at=now if accepted else None,
        removed_at=now if removed else None,
    )


def request_of(client, user):
    request = RequestFactory().get("/review/")
    request.user = user
    request.session = client.session
    return request


@reviewer_required
def reviewers_page(request):
    return HttpResponse("the queue")


@senior_required
def seniors_page(request):
    return HttpResponse("the roles")


def test_a_host_finds_their_own_event_and_nobody_elses():
    event = make_event()

    assert get_own_event_or_404(event.host, event.pk) == event
    with pytest.raises(Http404):
        get_own_event_or_404(make_host().user, event.pk)


def test_a_cohost_finds_the_event_once_they_accepted_and_until_they_are_removed():
    event = make_event()
    accepted = make_cohost(event)
    asked = make_cohost(event, accepted=False)
    removed = make_cohost(event, removed=True)

    assert get_own_event_or_404(accepted.user, event.pk) == event
    for cohost in (asked, removed):
        with pytest.raises(Http404):
            get_own_event_or_404(cohost.user, event.pk)


def test_somebody_asked_to_cohost_has_an_interest_before_they_accept():
    event = make_event()
    asked = make_cohost(event, accepted=False)

    assert has_own_interest(asked.user, event)
    assert has_own_interest(event.host, event)
    assert not has_own_interest(make_user(), event)


def test_roles_at_an_event():
    event = make_event()
    senior = make_user(staff_role=StaffRole.SENIOR)
    reviewer = make_user(staff_role=StaffRole.REVIEWER)

    assert viewer_role(event.host, event) == Role.HOST
    assert viewer_role(make_cohost(event).user, event) == Role.COHOST
    assert viewer_role(make_host().user, event) == Role.OTHER_HOST
    assert viewer_role(make_user(), event) == Role.STRANGER
    assert viewer_role(reviewer, event, second_factor=True) == Role.REVIEWER
    assert viewer_role(senior, event, second_factor=True) == Role.SENIOR


def test_staff_without_a_second_factor_are_strangers_to_an_event():
    senior = make_user(staff_role=StaffRole.SENIOR)

    assert viewer_role(senior, make_event()) == Role.STRANGER


def test_staff_who_host_the_event_are_its_host():
    event = make_event(host=make_host(staff_role=StaffRole.SENIOR).user)

    assert viewer_role(event.host, event, second_factor=True) == Role.HOST


def test_staff_with_a_used_second_factor_get_in(client):
    user = log_in_staff(client)

    assert reviewers_page(request_of(client, user)).content == b"the queue"
    with pytest.raises(Http404):
        seniors_page(request_of(client, user))


def test_seniors_get_into_both_desks(client):
    user = log_in_staff(client, senior=True)

    assert reviewers_page(request_of(client, user)).status_code == 200
    assert seniors_page(request_of(client, user)).content == b"the roles"


def test_staff_without_a_second_factor_are_sent_to_set_one_up(client):
    user = make_user(staff_role=StaffRole.REVIEWER)
    client.force_login(user)

    answer = client.get("/review/")

    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/2fa/totp/activate/?next=%2Freview%2F"


def test_a_second_factor_that_was_not_used_in_this_session_is_asked_for(client):
    user = make_user(staff_role=StaffRole.REVIEWER)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    client.force_login(user)

    answer = client.get("/review/")

    assert answer["Location"] == "/accounts/2fa/reauthenticate/?next=%2Freview%2F"


def test_a_second_factor_taken_off_the_account_counts_no_more(client):
    user = log_in_staff(client)
    Authenticator.objects.filter(user=user).delete()

    assert not second_factor_used(request_of(client, user))


def test_the_second_factor_of_one_person_does_not_count_for_another(client):
    log_in_staff(client)
    other = make_user(staff_role=StaffRole.REVIEWER)
    Authenticator.objects.create(user=other, type=Authenticator.Type.TOTP, data={})

    assert not second_factor_used(request_of(client, other))
