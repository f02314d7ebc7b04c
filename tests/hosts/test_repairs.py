"""Django's admin is for repairs: seniors with a second factor, and nothing a writer owns."""

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from events.models import Event
from hosts.account_mail import post_account_mail
from hosts.models import Record, RecordKind, StaffRole
from hosts.repairs import RepairSite
from tests.factories import log_in_staff, make_event, make_host, make_rsvp, make_user

pytestmark = pytest.mark.django_db

REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)


def test_the_admin_is_the_one_for_repairs():
    assert isinstance(admin.site._wrapped, RepairSite)


def test_reviewers_find_no_admin(client):
    log_in_staff(client)

    assert client.get("/admin/").status_code == 404


def test_seniors_without_a_second_factor_are_sent_to_set_one_up(client):
    client.force_login(make_user(staff_role=StaffRole.SENIOR))

    assert "/2fa/totp/activate/" in client.get("/admin/")["Location"]


def test_the_admin_has_no_log_in_of_its_own(client):
    assert client.get("/admin/login/")["Location"] == reverse("account_login")
    user = make_user(staff_role=StaffRole.SENIOR, password="a long sentence of mine")
    client.post("/admin/login/", {"username": user.email, "password": "a long sentence of mine"})
    assert "_auth_user_id" not in client.session


def test_seniors_see_the_tables(client):
    log_in_staff(client, senior=True)
    make_rsvp()
    page = client.get("/admin/").content.decode()

    for model in REGISTERED:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert reverse(name) in page
        assert client.get(reverse(name), {"q": "1"}).status_code == 200


def test_log_in_secrets_and_other_packages_are_not_shown():
    ours = {"events", "hosts", "outbox", "rsvps"}

    assert {model._meta.app_label for model in REGISTERED} <= ours


def test_what_has_a_writer_is_read_only(client):
    log_in_staff(client, senior=True)
    event = make_event()
    address = reverse("admin:events_event_change", args=[event.pk])

    page = client.get(address).content.decode()
    client.post(address, {"state": "rejected", "title": "Mine now"})

    assert 'name="state"' not in page
    assert 'name="title"' not in page
    assert Event.objects.get(pk=event.pk).title == event.title


def test_a_home_and_a_code_are_not_read_in_passing(client):
    log_in_staff(client, senior=True)
    event = make_event(private=True)
    message = post_account_mail("login_code", to="a@example.org", code="K7Q2MX", now=timezone.now())

    event_page = client.get(reverse("admin:events_event_change", args=[event.pk]))
    letter_page = client.get(reverse("admin:outbox_message_change", args=[message.pk]))

    assert event.street not in event_page.content.decode()
    assert "K7Q2MX" not in letter_page.content.decode()


def test_nothing_is_added_or_deleted(client):
    log_in_staff(client, senior=True)
    host = make_host()
    record = Record.objects.create(kind=RecordKind.ROLE, about="user:1", at=timezone.now())

    assert client.get(reverse("admin:hosts_host_add")).status_code == 403
    assert client.post(reverse("admin:hosts_host_delete", args=[host.pk])).status_code == 403
    assert client.post(reverse("admin:hosts_record_delete", args=[record.pk])).status_code == 403
    assert client.post(reverse("admin:hosts_record_change", args=[record.pk])).status_code == 403


def test_a_name_can_be_mended_and_a_role_cannot(client):
    log_in_staff(client, senior=True)
    user = make_user(name="Robbin")

    client.post(
        reverse("admin:hosts_user_change", args=[user.pk]),
        {"name": "Robin", "is_active": "on", "staff_role": "senior", "email": "x@example.org"},
    )

    before = user.email
    user.refresh_from_db()
    assert (user.name, user.staff_role, user.email) == ("Robin", StaffRole.NONE, before)
