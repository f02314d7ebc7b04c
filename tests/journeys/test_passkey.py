"""A member of the staff adds a passkey and logs in with it alone, in a real browser."""

import pytest
from allauth.account.models import EmailAddress
from playwright.sync_api import Page, expect

from hosts.models import StaffRole, User
from tests.factories import make_user

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def finger(page: Page) -> None:
    """A phone's fingerprint reader, always touched at once."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    reader = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
              "hasUserVerification": True, "isUserVerified": True}  # fmt: skip
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": reader | {"automaticPresenceSimulation": True}},
    )


def test_a_passkey_opens_the_staff_desk_alone(page: Page, live_server, finger, log_in):
    user = make_user(email="staff@example.org")
    EmailAddress.objects.update(verified=True)
    log_in(user)
    User.objects.update(staff_role=StaffRole.REVIEWER)  # no second factor used so far

    page.goto(f"{live_server.url}/accounts/2fa/webauthn/add/")
    page.get_by_label("A name, so you can tell your keys apart").fill("My phone")
    page.get_by_label("Use it by itself to log in").check()
    page.get_by_role("button", name="Add it").click()
    page.get_by_role("link", name="I saved them").click()  # the recovery codes
    expect(page).to_have_url(f"{live_server.url}/review/")  # no second proof

    page.goto(f"{live_server.url}/accounts/2fa/webauthn/")
    expect(page.get_by_text("My phone")).to_be_visible()
    page.goto(f"{live_server.url}/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Log out").click()
    page.goto(f"{live_server.url}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()

    expect(page).to_have_url(f"{live_server.url}/review/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
