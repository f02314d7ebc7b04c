"""The record is chained: whatever is changed, taken out, slipped in or moved is found out."""

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from events.readings import record_reading
from hosts import records, sealing
from hosts.models import Record, RecordKind, Seal
from tests.factories import make_event, make_user
from tests.triggers import chain_unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def chain(now):
    """Four sealed records."""
    staff = make_user()
    for number in range(4):
        records.record(
            RecordKind.DECISION,
            about=f"event:{number}",
            by=staff,
            now=now,
            words="rejected",
            details=f"Call Robin Heron under 614 555 010{number}.",
        )
    assert sealing.seal(now) == 4
    return list(Seal.objects.order_by("position"))


def tamper(*statements, link=None):
    """Run SQL past the triggers; "%s" stands for the number of the link's record."""
    with chain_unguarded(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, [link.record_id] if "%s" in statement else None)


def problems(anchor=""):
    return sealing.verify(anchor=anchor).problems


def test_an_untouched_chain_is_whole(chain, capsys):
    verdict = sealing.verify(anchor=str(chain[1]))
    call_command("verify_audit", anchor=str(chain[3]))

    assert (verdict.problems, verdict.sealed, verdict.head) == ([], 4, str(chain[3]))
    assert f"Head, to keep elsewhere: {chain[3]}" in capsys.readouterr().out


def test_links_hold_no_personal_words(chain):
    held = str(list(Seal.objects.values_list()))

    assert "Heron" not in held
    assert "614 555" not in held


def test_erased_details_leave_the_chain_whole_and_no_salt(chain):
    assert Record.objects.filter(about="event:1").blank() == 1

    erased = Record.objects.get(about="event:1")
    assert (erased.details, erased.salt) == ("", "")
    assert (problems(), sealing.verify().erased) == ([], 1)


def test_sealing_again_adds_only_what_is_new(chain, now):
    assert sealing.seal(now) == 0
    records.record(RecordKind.TEXT, about="page:terms", by=None, now=now)

    assert sealing.seal(now) == 1
    assert Seal.objects.get(position=5).previous == chain[3].hash
    assert problems() == []


def test_rows_written_after_the_first_seal_wait_and_are_not_a_problem(chain, now):
    records.record(RecordKind.TEXT, about="page:terms", by=None, now=now)

    assert (sealing.verify().waiting, problems()) == (1, [])


def test_a_changed_link_is_found(chain):
    tamper("UPDATE hosts_seal SET words = 'approved' WHERE position = 2")

    assert "link 2: changed since it was sealed" in problems()


def test_a_changed_record_is_found(chain):
    tamper("UPDATE hosts_record SET words = 'approved' WHERE id = %s", link=chain[1])

    assert problems() == [f"record {chain[1].record_id}: differs from link 2"]


def test_changed_details_are_found(chain):
    tamper("UPDATE hosts_record SET details = 'All was well.' WHERE id = %s", link=chain[1])

    assert problems() == [f"record {chain[1].record_id}: its personal part was changed"]


def test_details_written_over_erased_ones_are_found(chain):
    Record.objects.filter(pk=chain[1].record_id).blank()
    tamper("UPDATE hosts_record SET details = 'All was well.' WHERE id = %s", link=chain[1])

    assert len(problems()) == 1


def test_a_removed_link_is_found(chain):
    tamper("DELETE FROM hosts_seal WHERE position = 2")

    assert "link 2: missing (the next one is 3)" in problems()
    assert f"record {chain[1].record_id}: says it is sealed, and no link knows it" in problems()


def test_a_removed_first_link_is_found(chain):
    tamper(
        "DELETE FROM hosts_seal WHERE position = 1",
        "DELETE FROM hosts_record WHERE id = %s",
        link=chain[0],
    )

    assert problems() == ["link 1: missing (the next one is 2)"]


def test_a_link_slipped_in_is_found(chain, now):
    forged = records.record(RecordKind.TRUST, about="user:1", by=None, now=now)
    tamper(
        "UPDATE hosts_seal SET position = position + 10 WHERE position > 1",
        "UPDATE hosts_seal SET position = position - 9 WHERE position > 10",
    )
    link = Seal(
        position=2,
        record=forged,
        kind=forged.kind,
        about=forged.about,
        at=forged.at,
        details_digest=sealing.details_digest(forged),
        previous=chain[0].hash,
    )
    link.hash = sealing.hash_of(link)
    link.save(force_insert=True)

    assert "link 3: does not follow the one before it" in problems()


def test_links_that_changed_places_are_found(chain):
    tamper(
        "UPDATE hosts_seal SET position = 99 WHERE position = 2",
        "UPDATE hosts_seal SET position = 2 WHERE position = 3",
        "UPDATE hosts_seal SET position = 3 WHERE position = 99",
    )

    assert "link 2: changed since it was sealed" in problems()


def test_an_anchor_finds_a_chain_cut_off_at_its_end(chain):
    tamper(
        "DELETE FROM hosts_seal WHERE position > 2",
        "DELETE FROM hosts_record WHERE id > %s",
        link=chain[1],
    )

    assert problems() == []
    assert problems(str(chain[3])) == ["the chain ends before link 4, which the anchor names"]


def test_an_anchor_finds_a_chain_written_anew(chain, now):
    tamper(
        "DELETE FROM hosts_seal",
        "UPDATE hosts_record SET words = 'approved' WHERE id = %s",
        "UPDATE hosts_record SET sealed_at = NULL",
        link=chain[1],
    )
    sealing.seal(now)

    assert problems() == []
    assert problems(str(chain[3])) == ["link 4: not the one the anchor names"]


def test_the_command_fails_on_a_broken_chain(chain):
    tamper("DELETE FROM hosts_seal WHERE position = 2")

    with pytest.raises(CommandError, match="link 2: missing"):
        call_command("verify_audit")


def test_an_anchor_that_is_none_is_refused():
    with pytest.raises(CommandError):
        call_command("verify_audit", anchor="4")


def test_readings_of_a_home_are_put_on_the_record_once(now):
    home, staff = make_event(private=True), make_user()
    record_reading(home, reader=f"user:{staff.pk}", now=now)
    record_reading(home, reader="guest:12", now=now)

    sealing.seal(now)
    sealing.seal(now)

    rows = Record.objects.filter(kind=RecordKind.READING).order_by("pk")
    assert list(rows.values_list("about", "by", "details", "at")) == [
        (f"event:{home.pk}", staff.pk, "", now),
        (f"event:{home.pk}", None, "guest:12", now),
    ]
    assert Seal.objects.count() == 2
