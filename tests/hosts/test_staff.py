"""Who is on staff: invited by a command, roles given and taken by seniors, all on record."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from hosts import staff
from hosts.models import Record, RecordsStay, StaffRole, User
from outbox.letters import kind_named
from outbox.models import Message
from tests.factories import log_in_staff, make_user

pytestmark = pytest.mark.django_db


def test_the_first_senior_is_invited_from_the_command_line(capsys):
    call_command("invite_staff", "First@Example.org", "--senior")

    user = User.objects.get()
    assert (user.email, user.staff_role) == ("first@example.org", StaffRole.SENIOR)
    letter = Message.objects.get()
    assert (letter.kind, letter.recipient) == ("staff_invitation", "first@example.org")
    rendered = kind_named("staff_invitation").render(letter, timezone.now())
    assert "senior" in rendered.subject
    assert "/review/" in rendered.text
    record = Record.objects.get()
    assert (record.about, record.words, record.by) == (f"user:{user.pk}", "none -> senior", None)


def test_somebody_with_an_account_keeps_it_when_invited():
    host = make_user(email="robin@example.org", name="Robin")

    call_command("invite_staff", "robin@example.org")

    host.refresh_from_db()
    assert (host.name, host.staff_role) == ("Robin", StaffRole.REVIEWER)


def test_inviting_twice_says_so_and_mails_once():
    call_command("invite_staff", "robin@example.org")

    with pytest.raises(CommandError, match="already"):
        call_command("invite_staff", "robin@example.org")
    assert Message.objects.count() == 1


def test_what_is_not_an_address_is_not_invited():
    with pytest.raises(CommandError, match="not an email address"):
        call_command("invite_staff", "robin")
    assert not User.objects.exists()


def test_nobody_changes_their_own_role():
    senior = make_user(staff_role=StaffRole.SENIOR)

    with pytest.raises(staff.OwnRole):
        staff.change_role(senior, StaffRole.NONE, by=senior, now=timezone.now())


def test_somebody_whose_role_was_taken_gets_no_letter_about_it():
    senior = make_user(staff_role=StaffRole.SENIOR)
    user = staff.invite("new@example.org", role=StaffRole.REVIEWER, by=senior, now=timezone.now())
    letter = Message.objects.get()

    staff.change_role(user, StaffRole.NONE, by=senior, now=timezone.now())

    assert kind_named("staff_invitation").wanted(letter, timezone.now()) is not None
    assert Message.objects.count() == 1


def test_a_senior_gives_and_takes_roles_on_the_page(client):
    senior = log_in_staff(client, senior=True)

    client.post("/review/staff/", {"email": "new@example.org"})
    new = User.objects.get(email="new@example.org")
    assert new.staff_role == StaffRole.REVIEWER
    client.post(f"/review/staff/{new.pk}/", {"role": "senior"})
    new.refresh_from_db()
    assert new.is_senior
    client.post(f"/review/staff/{new.pk}/", {"role": ""})
    new.refresh_from_db()

    assert new.staff_role == StaffRole.NONE
    assert list(Record.objects.order_by("pk").values_list("words", "by")) == [
        ("none -> reviewer", senior.pk),
        ("reviewer -> senior", senior.pk),
        ("senior -> none", senior.pk),
    ]


def test_the_page_of_roles_refuses_what_makes_no_sense(client):
    senior = log_in_staff(client, senior=True)
    somebody = make_user()

    assert client.post("/review/staff/", {"email": "nobody"}).status_code == 200
    assert client.post(f"/review/staff/{somebody.pk}/", {"role": "king"}).status_code == 302
    client.post(f"/review/staff/{senior.pk}/", {"role": ""})

    senior.refresh_from_db()
    somebody.refresh_from_db()
    assert senior.is_senior
    assert somebody.staff_role == StaffRole.NONE
    assert not Record.objects.exists()


def test_a_mistyped_address_is_asked_about_before_it_gets_a_role(client):
    log_in_staff(client, senior=True)

    page = client.post("/review/staff/", {"email": "new@gmial.com"})
    assert "Did you mean new@gmail.com?" in page.content.decode()
    assert not User.objects.filter(email="new@gmial.com").exists()

    form = page.context["form"]
    client.post("/review/staff/", {name: form[name].value() or "" for name in form.fields})
    assert User.objects.get(email="new@gmial.com").staff_role == StaffRole.REVIEWER


def test_a_reviewer_finds_no_page_of_roles(client):
    log_in_staff(client)

    assert client.get("/review/staff/").status_code == 404
    assert client.post("/review/staff/", {"email": "new@example.org"}).status_code == 404
    assert not User.objects.filter(email="new@example.org").exists()


def test_a_record_is_neither_changed_nor_deleted():
    call_command("invite_staff", "robin@example.org")
    record = Record.objects.get()

    for attempt in (
        record.save,
        record.delete,
        Record.objects.all().delete,
        lambda: Record.objects.update(words="nothing happened"),
    ):
        with pytest.raises(RecordsStay):
            attempt()
    assert Record.objects.get().words == "none -> reviewer"
