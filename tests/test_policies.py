"""Every route declares who may open it, and the guards keep their word."""

from typing import NamedTuple

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from events.disclosure import Policy
from tests.factories import make_user

# Views of others cannot carry our declaration; new ones must be looked at and listed here.
THIRD_PARTY = {
    "account_login": Policy.PUBLIC,
    "account_logout": Policy.PUBLIC,
    "account_inactive": Policy.PUBLIC,
    "account_signup": Policy.PUBLIC,
    "account_request_login_code": Policy.PUBLIC,
    "account_confirm_login_code": Policy.PUBLIC,
    "account_email_verification_sent": Policy.PUBLIC,
    "account_reset_password": Policy.PUBLIC,
    "account_confirm_password_reset_code": Policy.PUBLIC,
    "account_complete_password_reset": Policy.PUBLIC,
    "account_password_reset_completed": Policy.PUBLIC,
    "account_reauthenticate": Policy.ACCOUNT,
    "account_email": Policy.ACCOUNT,
    "account_change_password": Policy.ACCOUNT,
    "account_set_password": Policy.ACCOUNT,
    "mfa_authenticate": Policy.PUBLIC,  # half-way through a log-in
    "mfa_login_webauthn": Policy.PUBLIC,
    "mfa_index": Policy.ACCOUNT,
    "mfa_reauthenticate": Policy.ACCOUNT,
    "mfa_activate_totp": Policy.ACCOUNT,
    "mfa_deactivate_totp": Policy.ACCOUNT,
    "mfa_view_recovery_codes": Policy.ACCOUNT,
    "mfa_generate_recovery_codes": Policy.ACCOUNT,
    "mfa_download_recovery_codes": Policy.ACCOUNT,
    "mfa_list_webauthn": Policy.ACCOUNT,
    "mfa_add_webauthn": Policy.ACCOUNT,
    "mfa_reauthenticate_webauthn": Policy.ACCOUNT,
    "mfa_remove_webauthn": Policy.ACCOUNT,
    "mfa_edit_webauthn": Policy.ACCOUNT,
}
STAFF_ONLY = {Policy.REVIEWER, Policy.SENIOR}
LOG_IN_FIRST = STAFF_ONLY | {Policy.ACCOUNT, Policy.HOST}

MADE_UP = {"IntConverter": 987654321, "SlugConverter": "nobody", "StringConverter": "nobody"}
MADE_UP_GROUPS = {"id": 987654321, "slug": "terms"}  # of patterns written as regular expressions


class Route(NamedTuple):
    """A route as the resolver knows it, with the namespaces and converters it stands under."""

    spaces: tuple[str, ...]
    view: URLPattern
    converters: dict[str, object]

    @property
    def name(self) -> str:
        return ":".join([*self.spaces, self.view.name or ""])

    @property
    def policy(self) -> Policy | None:
        if self.spaces[:1] == ("admin",):
            return Policy.SENIOR  # hosts.repairs asks, for every page of the admin
        return getattr(self.view.callback, "policy", None) or THIRD_PARTY.get(self.name)


def walk(resolver: URLResolver, spaces: tuple[str, ...] = (), above: dict | None = None):
    for entry in resolver.url_patterns:
        converters = {**(above or {}), **entry.pattern.converters}
        if isinstance(entry, URLResolver):
            inner = (*spaces, entry.namespace) if entry.namespace else spaces
            yield from walk(entry, inner, converters)
        else:
            yield Route(spaces, entry, converters)


ROUTES: list[Route] = list(walk(get_resolver()))


def test_every_route_declares_its_policy():
    assert [str(route.view) for route in ROUTES if route.policy is None] == []


def test_the_list_of_other_peoples_views_names_no_view_that_is_gone():
    assert set(THIRD_PARTY) - {route.name for route in ROUTES} == set()


def addresses(*policies: Policy) -> list[str]:
    """The address of every named route with one of these policies, for an id nobody has."""
    found = []
    for route in ROUTES:
        if route.policy not in policies or not route.view.name:
            continue
        if route.name in {"admin:app_list", "admin:login"}:
            continue  # the one takes a pattern of its own; the other leads to ours
        made_up = {
            name: MADE_UP.get(type(converter).__name__, "nobody")
            for name, converter in route.converters.items()
        }
        groups = route.view.pattern.regex.groupindex.keys() - made_up.keys()
        made_up |= {name: MADE_UP_GROUPS[name] for name in groups}
        found.append(reverse(route.name, kwargs=made_up))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("address", addresses(*LOG_IN_FIRST))
def test_a_stranger_is_sent_to_log_in(client, address):
    for answer in (client.get(address), client.post(address)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/accounts/")


@pytest.mark.django_db
@pytest.mark.parametrize("address", addresses(*STAFF_ONLY))
def test_a_staff_page_does_not_exist_for_somebody_who_is_not_staff(client, address):
    client.force_login(make_user())

    assert client.get(address).status_code == 404
    assert client.post(address).status_code == 404
