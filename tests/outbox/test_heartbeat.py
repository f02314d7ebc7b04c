from datetime import timedelta

import pytest

from outbox import heartbeat
from outbox.models import Heartbeat, Pause

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def heartbeat_file(settings, tmp_path):
    settings.HEARTBEAT_FILE = tmp_path / "beat"
    return settings.HEARTBEAT_FILE


def test_database_older_than_the_file_starts_paused_and_says_so(now):
    heartbeat.beat(now)
    heartbeat.beat(now + timedelta(hours=1))
    Heartbeat.objects.update(beat_at=now)  # what the backup held
    assert "restored from a backup" in heartbeat.pause_if_restored(now + timedelta(hours=2))
    assert Pause.objects.get().topic == ""


def test_ordinary_restart_is_not_paused(now):
    heartbeat.beat(now)
    assert heartbeat.pause_if_restored(now + timedelta(days=9)) == ""
    assert not Pause.objects.exists()


def test_new_database_beside_an_old_file_is_not_paused(now):
    heartbeat.beat(now)
    Heartbeat.objects.all().delete()
    assert heartbeat.pause_if_restored(now) == ""


def test_deliverer_whose_clock_is_behind_does_not_turn_the_heart_back(now):
    heartbeat.beat(now)
    heartbeat.beat(now - timedelta(hours=1))
    assert Heartbeat.objects.get().beat_at == now
    assert heartbeat.pause_if_restored(now) == ""


def test_unreadable_file_does_not_stop_letters(now, heartbeat_file):
    heartbeat_file.write_text("\x00 nonsense")
    assert heartbeat.pause_if_restored(now) == ""


def test_one_deliverer_at_a_time_plans():
    assert heartbeat.my_turn_to_plan()
    assert not heartbeat.my_turn_to_plan()
