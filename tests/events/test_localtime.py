from datetime import UTC, datetime

import pytest

from events.localtime import AmbiguousTime, NonexistentTime, local_to_utc


def at(*parts):
    return datetime(*parts)  # noqa: DTZ001  # local times are naive


def test_ordinary_time_is_read_in_its_zone():
    assert local_to_utc(at(2026, 7, 1, 18), "America/New_York") == datetime(
        2026, 7, 1, 22, tzinfo=UTC
    )


def test_time_in_the_gap_of_spring_is_refused_with_its_neighbours():
    with pytest.raises(NonexistentTime) as gap:
        local_to_utc(at(2027, 3, 14, 2, 30), "America/New_York")
    assert gap.value.before == at(2027, 3, 14, 1, 59)
    assert gap.value.after == at(2027, 3, 14, 3, 0)


def test_edges_of_the_gap_exist():
    early = local_to_utc(at(2027, 3, 14, 1, 59), "America/New_York")
    late = local_to_utc(at(2027, 3, 14, 3, 0), "America/New_York")
    assert (late - early).total_seconds() == 60


def test_half_hour_gap_is_known_too():
    with pytest.raises(NonexistentTime) as gap:
        local_to_utc(at(2026, 10, 4, 2, 10), "Australia/Lord_Howe")
    assert gap.value.before == at(2026, 10, 4, 1, 59)
    assert gap.value.after == at(2026, 10, 4, 2, 30)


def test_time_that_comes_twice_is_asked_about():
    with pytest.raises(AmbiguousTime) as twice:
        local_to_utc(at(2026, 11, 1, 1, 30), "America/Chicago")
    assert twice.value.first.tzname() == "CDT"
    assert twice.value.second.tzname() == "CST"


def test_fold_chooses_one_of_the_two():
    first = local_to_utc(at(2026, 11, 1, 1, 30), "America/Chicago", fold=0)
    second = local_to_utc(at(2026, 11, 1, 1, 30), "America/Chicago", fold=1)
    assert (first.hour, second.hour) == (6, 7)


def test_fold_means_nothing_where_a_time_comes_once():
    assert local_to_utc(at(2026, 7, 1, 18), "America/Phoenix", fold=1).hour == 1


@pytest.mark.parametrize("fold", [None, 0, 1])
def test_gap_is_refused_whatever_the_fold(fold):
    with pytest.raises(NonexistentTime):
        local_to_utc(at(2027, 3, 14, 2, 30), "America/Denver", fold=fold)
