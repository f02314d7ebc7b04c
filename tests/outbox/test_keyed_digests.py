"""Addresses that take no letters are kept by a keyed hash, also those from before it."""

import hashlib
from importlib import import_module

import pytest
from django.apps import apps

from outbox import suppression
from outbox.models import SoftBounce, Suppression
from outbox.states import SuppressionReason

pytestmark = pytest.mark.django_db


def test_old_hashes_are_keyed_by_the_migration(now):
    plain = hashlib.sha256(b"ana@example.org").hexdigest()
    Suppression.objects.create(digest=plain, reason=SuppressionReason.UNSUBSCRIBED, created_at=now)
    SoftBounce.objects.create(digest=plain, at=now)

    import_module("outbox.migrations.0002_keyed_digests").key(apps, None)

    assert suppression.is_unsubscribed("Ana@example.org")
    assert SoftBounce.objects.get().digest == suppression.address_digest("ana@example.org")


def test_without_the_key_an_address_cannot_be_tried_out(now, settings):
    suppression.unsubscribe("ana@example.org", now=now)
    settings.ADDRESS_KEY = "a guess"

    assert not suppression.is_unsubscribed("ana@example.org")
