"""Letters in the browser: the demo's page, and staff's previews."""

from datetime import UTC, datetime

import pytest

from outbox import delivery, ledger, letters
from outbox.letters import Kind, Letter
from outbox.models import Message
from outbox.reading import read_letter
from tests.factories import log_in_staff

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 7, 1, 16, 0, tzinfo=UTC)
ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:P\xc3\xadcnic\r\nEND:VCALENDAR\r\n"


def picnic(message=None, now=None) -> Letter:
    return Letter(
        subject="Pícnic on Saturday",
        text="Bring a blanket.\n",
        html='<html><head></head><body>Bring <a href="http://x.example/r/1">a blanket</a></body>',
        from_email="rsvp+abc@barnstorm.example",
        calendar=ICS,
        calendar_method="REQUEST",
        unsubscribe_url="https://x.example/u/1",
    )


@pytest.fixture(autouse=True)
def kind(monkeypatch):
    monkeypatch.setattr(letters, "_kinds", dict(letters.kinds()))
    return letters.register(
        Kind(
            name="picnic",
            wanted=lambda message, now: None,
            render=picnic,
            quiet=False,
            in_doubt="resend",
            title="Picnic",
            example=lambda now: picnic(),
        )
    )


@pytest.fixture
def sent(settings, tmp_path) -> Message:
    settings.DEMO, settings.SMTP_HOST, settings.LETTERS_DIR = True, "", tmp_path
    ledger.post("picnic", to="ana@example.org", subject="rsvp:1", now=NOW)
    delivery.deliver_once(now=NOW)
    return Message.objects.get()


def test_demo_lists_letters_that_left(client, sent):
    page = client.get("/letters/").content.decode()
    assert "Pícnic on Saturday" in page
    assert "ana@example.org" in page
    assert "No letters yet" in client.get("/letters/?to=bo@example.org").content.decode()
    assert client.get("/letters/", {"to": "\0"}).content.decode() == page


def test_letter_is_read_as_it_arrived(client, sent):
    url = f"/letters/{sent.pk}/"
    assert "Links in this letter" in client.get(url).content.decode()
    assert "http://x.example/r/1" in client.get(url).content.decode()
    assert "Bring a blanket." in client.get(f"{url}?show=text").content.decode()
    assert "SUMMARY:Pícnic" in client.get(f"{url}?show=calendar").content.decode()
    assert "List-Unsubscribe" in client.get(f"{url}?show=headers").content.decode()
    assert "multipart/mixed" in client.get(f"{url}?show=source").content.decode()
    attachment = client.get(f"{url}attachment/0/")
    assert (attachment.content, attachment["Content-Type"]) == (ICS, "application/ics")
    assert client.get(f"{url}attachment/1/").status_code == 404


def test_letter_stands_in_a_sandboxed_frame_of_its_own(client, sent):
    response = client.get(f"/letters/{sent.pk}/frame/")
    assert response["Content-Security-Policy"] == (
        "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:"
    )
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert "Bring" in response.content.decode()
    assert "<iframe" in client.get(f"/letters/{sent.pk}/").content.decode()


def test_outside_the_demo_letters_are_nobodys_to_read(client, sent, settings):
    settings.DEMO = False
    log_in_staff(client, senior=True)
    for url in ("/letters/", f"/letters/{sent.pk}/", f"/letters/{sent.pk}/frame/"):
        assert client.get(url).status_code == 404


def test_letter_that_is_not_there_is_404(client, sent):
    assert client.get("/letters/987654/").status_code == 404


def test_staff_preview_a_kind_and_send_it_to_themselves(client, sent, settings):
    user = log_in_staff(client)
    assert "Picnic" in client.get("/review/letters/kinds/").content.decode()
    url = "/review/letters/kinds/picnic/"
    assert "Pícnic on Saturday" in client.get(url).content.decode()
    assert "sandbox" in client.get(f"{url}frame/")["Content-Security-Policy"]
    client.post(f"{url}send/")
    example = Message.objects.get(kind="example")
    assert example.recipient == user.email
    delivery.deliver_once(now=example.not_before)
    [file] = settings.LETTERS_DIR.glob(f"{example.pk:08d}-*.eml")
    read = read_letter(file.read_bytes())
    assert (read.subject, read.calendar) == ("Example: Pícnic on Saturday", "")


def test_kind_that_does_not_exist_has_no_preview(client):
    log_in_staff(client)
    assert client.get("/review/letters/kinds/nonsense/").status_code == 404
    assert client.post("/review/letters/kinds/nonsense/send/").status_code == 404


@pytest.mark.parametrize("name", sorted(letters.kinds()))
def test_every_kind_with_an_example_can_be_previewed(client, name):
    log_in_staff(client)
    expected = 200 if letters.kind_named(name).example else 404
    assert client.get(f"/review/letters/kinds/{name}/").status_code == expected
