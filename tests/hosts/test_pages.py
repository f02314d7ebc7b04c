"""Pages of the site: terms, privacy, contact, the agreement."""

import pytest
from django.utils import timezone

from hosts import site_texts
from hosts.agreement import current_agreement, has_accepted
from hosts.models import (
    AgreementAcceptance,
    HostAgreement,
    Record,
    SitePage,
)
from tests.factories import log_in_staff, make_host

pytestmark = pytest.mark.django_db


# -- Terms, privacy, contact ----------------------------------------------------------------


@pytest.mark.parametrize("slug", ["terms", "privacy", "contact"])
def test_a_fresh_site_has_its_pages_linked_from_every_footer(client, slug):
    page = client.get(f"/{slug}/")

    assert page.status_code == 200
    assert "<h1>" in page.content.decode()
    assert f'href="/{slug}/"' in client.get("/accounts/login/").content.decode()


def test_staff_look_at_a_page_before_they_put_it_on_the_site(client):
    log_in_staff(client)
    data = {"title": "Terms", "text": "Be **kind**.", "seen": "0"}

    preview = client.post("/review/texts/terms/", data | {"preview": "1"}).content.decode()

    assert "Be <strong>kind</strong>." in preview
    assert not SitePage.objects.exists()
    client.post("/review/texts/terms/", data)
    assert "Be <strong>kind</strong>." in client.get("/terms/").content.decode()
    assert Record.objects.get().about == "page:terms"


def test_script_in_a_page_stays_words(client):
    log_in_staff(client)
    text = "<script>alert(1)</script> [x](javascript:alert(1)) ![](https://evil.example/x.png)"

    client.post("/review/texts/contact/", {"title": "C", "text": text, "seen": "0"})

    page = client.get("/contact/").content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page.partition("<h1>")[2].partition("</main>")[0]


def test_two_people_writing_one_page_do_not_lose_each_others_words(client):
    log_in_staff(client)
    client.post("/review/texts/terms/", {"title": "Terms", "text": "First", "seen": "0"})

    answer = client.post("/review/texts/terms/", {"title": "Terms", "text": "Second", "seen": "0"})

    assert answer.status_code == 409
    assert "Second" in answer.content.decode()
    assert SitePage.objects.get().text == "First"


def test_there_are_no_other_pages(client):
    log_in_staff(client)

    assert client.get("/review/texts/imprint/").status_code == 404
    assert client.get("/imprint/").status_code == 404


# -- The host agreement ---------------------------------------------------------------------


def test_a_new_version_of_the_agreement_is_asked_of_every_host(client):
    host = make_host()
    agreement = current_agreement()
    agreement.published_at = timezone.now()
    agreement.save()
    AgreementAcceptance.objects.create(host=host, agreement=agreement, accepted_at=timezone.now())
    assert has_accepted(host)
    log_in_staff(client, senior=True)

    client.post("/review/texts/agreement/", {"text": "Be kinder.", "seen": agreement.version})

    assert not has_accepted(host)
    assert current_agreement().text == "Be kinder."
    assert "Be kinder." in client.get("/agreement/").content.decode()


def test_the_first_text_is_kept_when_the_second_is_published(client):
    log_in_staff(client, senior=True)
    first = current_agreement().text

    client.post("/review/texts/agreement/", {"text": "Be kinder.", "seen": "1"})

    assert list(HostAgreement.objects.order_by("version").values_list("version", "text")) == [
        (1, first),
        (2, "Be kinder."),
    ]


def test_a_reviewer_does_not_write_agreements(client):
    log_in_staff(client)

    assert client.get("/review/texts/agreement/").status_code == 404


def test_publishing_over_a_version_one_has_not_seen_is_refused():
    by = None
    with pytest.raises(site_texts.TextChangedMeanwhile):
        site_texts.publish_agreement("New", seen=7, by=by, now=timezone.now())
