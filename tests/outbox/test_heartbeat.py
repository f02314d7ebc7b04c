import re
from concurrent.futures import ThreadPoolExecutor
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
    reason = heartbeat.pause_if_restored(now + timedelta(hours=2))
    assert "sent, at 2026-07-01 17:00:00 UTC: it was restored from a backup" in reason
    assert (Pause.objects.get().topic, Pause.objects.get().reason) == ("", reason)


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


def test_deliverers_on_one_machine_write_the_file_at_once_without_a_fault(heartbeat_file):
    """With one unfinished file for all of them, one took away what another was renaming."""

    def write(number):
        for beat in range(100):
            heartbeat._write_whole(heartbeat_file, f"database{number} {beat}\n")
            assert re.fullmatch(r"database\d \d+\n", heartbeat_file.read_text())

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(write, range(5)))
    assert list(heartbeat_file.parent.iterdir()) == [heartbeat_file]


def test_file_that_cannot_be_written_stops_no_letter(now, settings, tmp_path):
    settings.HEARTBEAT_FILE = tmp_path / "no such folder" / "beat"
    heartbeat.beat(now)
    assert Heartbeat.objects.get().beat_at == now
