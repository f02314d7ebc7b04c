"""Co-hosts: asked by mail, and helping only once they said yes."""

import pytest
from django.utils import timezone

from hosts import cohosting
from hosts.models import CoHost
from outbox.letters import kind_named
from outbox.models import Message
from tests.factories import make_event, make_timeslot, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def event(host):
    event = make_event(host=host.user, title="Library evening", private=True)
    make_timeslot(event)
    return event


def ask(client, event, email="pat@example.org"):
    return client.post(f"/host/events/{event.pk}/cohosts/", {"email": email}, follow=True)


def address(cohost: CoHost) -> str:
    return cohosting.request_url(cohost).partition("//")[2].partition("/")[2].join(["/", ""])


def test_somebody_is_asked_by_mail_and_is_no_cohost_yet(client, event):
    answer = ask(client, event, " Pat@Example.org ")
    cohost = CoHost.objects.get()
    assert (cohost.email, cohost.accepted_at, cohost.user) == ("pat@example.org", None, None)
    assert Message.objects.get(kind="cohost_request").recipient == "pat@example.org"
    assert "pat@example.org" in answer.content.decode()


def test_the_letter_holds_the_link_and_not_the_address_of_the_home(client, event):
    ask(client, event)
    message = Message.objects.get(kind="cohost_request")
    kind = kind_named("cohost_request")
    assert kind.wanted(message, timezone.now()) is None
    letter = kind.render(message, timezone.now())
    for words in (letter.text, letter.html):
        assert cohosting.request_url(CoHost.objects.get()) in words
        assert event.street not in words
    assert "Robin Sample asks you to help host" in letter.subject


def test_the_link_opens_a_page_with_one_question_and_no_address(client, event):
    ask(client, event)
    client.logout()
    answer = client.get(address(CoHost.objects.get()))
    words = answer.content.decode()
    assert "Will you be a co-host?" in words
    assert event.street not in words
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer["X-Robots-Tag"]
    assert "no-store" in answer["Cache-Control"]
    assert CoHost.objects.get().accepted_at is None


def test_saying_yes_needs_the_account_of_the_address_that_was_asked(client, event):
    ask(client, event)
    link = address(CoHost.objects.get())

    client.force_login(make_user(email="other@example.org"))
    assert client.post(link, {"answer": "yes"}).status_code == 403
    assert client.get(f"/host/events/{event.pk}/").status_code == 404

    client.force_login(make_user(email="pat@example.org"))
    answer = client.post(link, {"answer": "yes"})
    assert answer["Location"] == f"/host/events/{event.pk}/"
    assert client.get(f"/host/events/{event.pk}/").status_code == 200


@pytest.mark.parametrize("known", [True, False], ids=["with an account", "without one"])
def test_saying_yes_mails_a_code_to_the_address_that_was_asked(client, event, known):
    ask(client, event)
    link = address(CoHost.objects.get())
    if known:
        make_user(email="pat@example.org")
    client.logout()

    page = client.post(link, {"answer": "yes"})["Location"]
    code = Message.objects.get(kind="account_code")
    assert code.recipient == "pat@example.org"
    assert CoHost.objects.get().accepted_at is None

    assert client.post(page, {"code": code.payload["code"]})["Location"] == link
    client.post(link, {"answer": "yes"})
    assert CoHost.objects.get().user.email == "pat@example.org"
    assert client.get(f"/host/events/{event.pk}/").status_code == 200


def test_codes_for_one_request_are_not_mailed_without_end(client, event):
    ask(client, event)
    link = address(CoHost.objects.get())
    client.logout()
    for _ in range(20):
        client.post(link, {"answer": "yes"})
    assert Message.objects.filter(kind="account_code").count() < 10


def test_saying_yes_twice_changes_nothing(client, event):
    ask(client, event)
    cohost = CoHost.objects.get()
    client.force_login(make_user(email="pat@example.org"))
    client.post(address(cohost), {"answer": "yes"})
    first = CoHost.objects.get().accepted_at
    client.post(address(cohost), {"answer": "yes"})
    assert CoHost.objects.get().accepted_at == first


def test_saying_no_needs_no_account_and_ends_the_link(client, event):
    ask(client, event)
    link = address(CoHost.objects.get())
    client.logout()
    client.post(link, {"answer": "no"})
    assert CoHost.objects.get().removed_at is not None
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("token", ["x", "a" * 22, "<script>", "a" * 500])
def test_an_unknown_link_opens_one_friendly_page(client, token):
    answer = client.get(f"/host/help/{token}/")
    assert answer.status_code == 404


def test_a_cohost_taken_off_is_off_at_once_and_the_letter_is_withdrawn(client, event):
    ask(client, event)
    cohost = CoHost.objects.get()
    client.post(f"/host/events/{event.pk}/cohosts/{cohost.pk}/remove/")
    assert client.get(address(cohost)).status_code == 404
    assert Message.objects.get(kind="cohost_request").state == "superseded"


def test_a_mistyped_address_is_asked_about_once(client, event):
    first = client.post(f"/host/events/{event.pk}/cohosts/", {"email": "pat@gmial.com"})
    assert first.status_code == 422
    assert "Did you mean pat@gmail.com?" in first.content.decode()
    assert not CoHost.objects.exists()
    form = first.context["cohost_form"]
    again = {name: form[name].value() for name in form.fields}
    assert again == {"email": "pat@gmial.com", "doubted": "pat@gmial.com"}
    client.post(f"/host/events/{event.pk}/cohosts/", again)
    assert CoHost.objects.get().email == "pat@gmial.com"


def test_asked_again_after_that_they_get_a_new_link(client, event):
    ask(client, event)
    old = address(CoHost.objects.get())
    client.post(f"/host/events/{event.pk}/cohosts/{CoHost.objects.get().pk}/remove/")
    ask(client, event)
    new = address(CoHost.objects.get())
    assert new != old
    assert client.get(old).status_code == 404
    assert client.get(new).status_code == 200


def test_asking_twice_sends_one_letter(client, event):
    ask(client, event)
    ask(client, event)
    assert Message.objects.filter(kind="cohost_request").count() == 1


@pytest.mark.parametrize(
    ("email", "words"),
    [
        ("", "complete email address"),
        ("pat", "complete email address"),
        ("pat@gmial.com", "Did you mean pat@gmail.com"),
        ("a" * 250 + "@example.org", "complete email address"),
        ("<script>@x", "complete email address"),
    ],
)
def test_half_an_address_asks_nobody(client, event, email, words):
    assert words in ask(client, event, email).content.decode()
    assert not CoHost.objects.exists()


def test_the_host_is_not_asked_to_help_themselves(client, event, host):
    ask(client, event, host.user.email)
    assert not CoHost.objects.exists()


def test_at_most_ten_are_asked(event, host):
    now = timezone.now()
    cohosting.ask_cohosts(event, [f"h{n}@example.org" for n in range(10)], by=host.user, now=now)
    with pytest.raises(cohosting.TooManyCoHosts):
        cohosting.ask_cohosts(event, ["one.more@example.org"], by=host.user, now=now)
    assert event.cohosts.count() == 10


def test_one_address_is_asked_three_times_a_day_by_all_events_together(client, host):
    events = [make_event(host=host.user) for _ in range(4)]
    pages = [ask(client, event, "pat@example.org") for event in events]

    assert [page.status_code for page in pages] == [200, 200, 200, 422]
    assert "another request today" in pages[-1].text
    assert Message.objects.filter(kind="cohost_request").count() == 3
    assert not events[-1].cohosts.exists()
