"""How often one address, one network or one event may be asked for something."""

from datetime import timedelta

import pytest

from rsvps.limits import (
    Asked,
    Limit,
    Origin,
    client_address,
    count,
    forget_old_counts,
    origin_of,
    per_seats,
    wait_for,
)
from rsvps.models import RateCount

TWICE = Limit("test", 2, timedelta(minutes=10))


def ask(key, now) -> dict[str, timedelta]:
    return count(Asked(TWICE, key), now=now)


@pytest.mark.django_db
def test_limit_refuses_the_third_and_says_how_long_to_wait(now):
    at = now + timedelta(minutes=4)
    assert [ask("alex", at) for _ in range(3)] == [{}, {}, {"test": timedelta(minutes=6)}]


@pytest.mark.django_db
def test_keys_and_windows_are_counted_apart(now):
    assert [bool(ask(key, now)) for key in ("a", "a", "b", "a")] == [False, False, False, True]
    assert not ask("a", now + timedelta(minutes=10))


@pytest.mark.django_db
def test_places_asked_for_as_a_window_ends_count_in_the_next(now):
    """Or a flood at half past would hold one half of a house at 12:29 and the other at 12:31."""
    house = per_seats(24)
    assert house.most == 12
    assert not count(Asked(house, "slot", points=12), now=now + timedelta(minutes=29))
    assert count(Asked(house, "slot"), now=now + timedelta(minutes=31))
    assert forget_old_counts(now + timedelta(minutes=31)) == 1  # what nobody asked before that
    assert not count(Asked(house, "slot", points=11), now=now + timedelta(minutes=61))


@pytest.mark.django_db
def test_several_limits_are_counted_by_one_statement(now, django_assert_num_queries):
    once = Limit("once", 1, timedelta(hours=1))
    with django_assert_num_queries(1):
        assert count(Asked(TWICE, "a"), Asked(once, "b", points=2), now=now) == {
            "once": timedelta(hours=1)
        }


@pytest.mark.django_db
def test_table_keeps_no_address_and_forgets_old_counts(now):
    ask("alex@example.org", now)
    assert "alex" not in str(RateCount.objects.values().get())
    assert forget_old_counts(now) == 0
    assert forget_old_counts(now + timedelta(minutes=10)) == 1


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("203.0.113.9", Origin("203.0.113.9/32", "203.0.113.0/24")),
        ("::ffff:203.0.113.9", Origin("203.0.113.9/32", "203.0.113.0/24")),
        ("2001:db8:1:2ff:3:4:5:6", Origin("2001:db8:1:2ff::/64", "2001:db8:1:200::/56")),
        ("not an address", Origin("unknown", "unknown")),
    ],
)
def test_connection_and_network_prefix(address, origin):
    assert origin_of(address) == origin


@pytest.mark.django_db
def test_noisy_connection_waits_and_does_not_use_up_its_neighbours_share(settings, now):
    settings.RSVP_POSTS_PER_CONNECTION, settings.RSVP_POSTS_PER_NETWORK = 2, 4
    waits = [wait_for(origin_of("203.0.113.1"), now=now) for _ in range(9)]
    assert waits == [None, None, *[timedelta(minutes=10)] * 7]
    neighbours = [wait_for(origin_of(f"203.0.113.{n}"), now=now) for n in (2, 3, 4)]
    assert neighbours == [None, None, timedelta(minutes=10)]
    assert wait_for(origin_of("198.51.100.1"), now=now) is None


def test_forms_may_ask_for_half_the_room_before_it_is_a_rush(settings):
    assert [per_seats(capacity).most for capacity in (3, 15, 200)] == [4, 7, 100]


def test_forwarded_for_counts_only_behind_a_trusted_proxy(settings):
    hops = ["1.1.1.1", "203.0.113.9"]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert client_address("10.0.0.1", hops) == "10.0.0.1"
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert client_address("10.0.0.1", hops) == "203.0.113.9"
    assert client_address("10.0.0.1", []) == "10.0.0.1"
