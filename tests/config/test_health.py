"""What a load balancer is told."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from outbox.models import Heartbeat

pytestmark = pytest.mark.django_db


def beat(at):
    Heartbeat.objects.all().delete()
    Heartbeat.objects.create(database_id="d", beat_at=at)


def test_ready_when_the_worker_was_seen_lately():
    beat(timezone.now())
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ok": True, "problems": []})


def test_not_ready_when_no_worker_delivers():
    beat(timezone.now() - timedelta(minutes=6))
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert "manage.py deliver" in answer.json()["problems"][0]


def test_alive_without_the_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert Client().get("/healthz").status_code == 200
