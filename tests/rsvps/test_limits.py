"""How often one address, one network or one event may be asked for something."""

from datetime import timedelta

import pytest

from rsvps.limits import (
    Limit,
    TooOften,
    client_address,
    forget_old_counts,
    is_reached,
    network_of,
    spend,
)
from rsvps.models import RateCount

TWICE = Limit("test", 2, timedelta(minutes=10))


@pytest.mark.django_db
def test_limit_refuses_the_third_and_says_how_long_to_wait(now):
    at = now + timedelta(minutes=4)
    spend(TWICE, "alex", now=at)
    spend(TWICE, "alex", now=at)
    with pytest.raises(TooOften) as refused:
        spend(TWICE, "alex", now=at)
    assert refused.value.wait == timedelta(minutes=6)


@pytest.mark.django_db
def test_keys_and_windows_are_counted_apart(now):
    assert [is_reached(TWICE, key, now=now) for key in ("a", "a", "b", "a")] == [
        False,
        False,
        False,
        True,
    ]
    assert not is_reached(TWICE, "a", now=now + timedelta(minutes=10))


@pytest.mark.django_db
def test_table_keeps_no_address_and_forgets_old_counts(now):
    spend(TWICE, "alex@example.org", now=now)
    assert "alex" not in str(RateCount.objects.values().get())
    assert forget_old_counts(now) == 0
    assert forget_old_counts(now + timedelta(minutes=10)) == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9/32"),
        ("::ffff:203.0.113.9", "203.0.113.9/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("not an address", "unknown"),
    ],
)
def test_network_prefix(address, network):
    assert network_of(address) == network


def test_forwarded_for_counts_only_behind_a_trusted_proxy(settings):
    hops = ["1.1.1.1", "203.0.113.9"]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert client_address("10.0.0.1", hops) == "10.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client_address("10.0.0.1", hops) == "203.0.113.9"
    assert client_address("10.0.0.1", []) == "10.0.0.1"
