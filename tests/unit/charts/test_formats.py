"""Numbers and times as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from rollout_core.charts import formats as f

NOW = datetime(2026, 11, 22, 14, 32, tzinfo=UTC)


@pytest.mark.parametrize(("share", "digits", "text"), [
    (0.196, 1, "19.6%"), (-0.045, 1, "−4.5%"), (1, 0, "100%"), (None, 1, "–"),
])
def test_a_share_is_written_in_percent_with_a_true_minus(share, digits, text):
    assert f.percent(share, digits) == text


@pytest.mark.parametrize(("buckets", "text"), [
    (100, "0.1%"), (20_000, "20%"), (100_000, "100%"), (12_500, "12.5%"), (0, "0%"), (1, "0.001%"),
])
def test_buckets_are_shown_with_as_many_digits_as_they_have(buckets, text):
    assert f.bucket_percent(buckets) == text


def test_a_difference_of_shares_is_in_points_and_a_rounded_zero_has_no_direction():
    assert f.points(0.012) == "+1.2 pp"
    assert f.points(-0.0004) == "0.0 pp"
    assert f.points(-0.003) == "−0.3 pp"


@pytest.mark.parametrize(("value", "unit", "text"), [
    (2310, "ms", "2.31 s"), (236, "ms", "236 ms"), (0.06, "score", "0"), (0.0131, "share", "1.31%"),
    (0.412, "share", "41.2%"), (-0.045, "relative", "−4.5%"), (4.1, "rating", "4.10"), (None, "ms", "–"),
    (0.06, "number", "0.06"), (0.00134, "number", "0.0013"), (0.0, "number", "0.00"), (12.0, "minutes", "12.0 min"),
])
def test_every_unit_has_one_way_to_be_written(value, unit, text):
    assert f.in_unit(value, unit) == text


@pytest.mark.parametrize(("value", "unit", "text"), [
    (0.05, "share", "5%"), (0.999, "share", "99.9%"), (2500, "ms", "2.5 s"), (500, "ms", "500 ms"),
    (0.25, "relative", "+25%"), (-0.15, "relative", "−15%"), (4.0, "rating", "4"), (0.1, "number", "0.1"),
])
def test_targets_are_written_as_plans_write_them(value, unit, text):
    assert f.target(value, unit) == text


def test_intervals_stand_in_brackets_and_signed_ones_say_to():
    assert f.interval(0.0112, 0.0152, "share") == "(1.12–1.52)"
    assert f.interval(-0.072, 0.019, "relative") == "(−7.2 to +1.9)"
    assert f.interval(2240, 2390, "ms") == "(2.24–2.39)"
    assert f.interval(None, 1, "ms") == ""


@pytest.mark.parametrize(("since", "until", "text"), [
    (timedelta(days=13, hours=3), timedelta(hours=2), "Mon 9 Nov, 11:32 to Sun 22 Nov, 12:32"),
    (timedelta(days=13, hours=3), timedelta(days=2), "Mon 9 Nov, 11:32 to Fri 20 Nov, 14:32"),
    (timedelta(days=2, hours=3), timedelta(days=2), "Fri 20 Nov, 11:32 to 14:32"),
    (timedelta(hours=3), timedelta(hours=2), "11:32 to 12:32"),
    (timedelta(days=400, hours=3), timedelta(days=400), "18 Oct 2025"),
])
def test_a_stretch_names_the_day_of_its_end_unless_it_is_that_of_its_begin(since, until, text):
    assert f.stretch(NOW - since, NOW - until, NOW, UTC) == text


@pytest.mark.parametrize(("length", "text"), [
    (timedelta(minutes=42), "42 min"), (timedelta(minutes=90), "1 h 30 min"), (timedelta(days=3), "3 days"),
    (timedelta(days=1), "1 day"), (timedelta(hours=50), "2 days 2 h"), (timedelta(seconds=20), "20 s"), (None, "–"),
])
def test_durations_use_their_two_largest_units(length, text):
    assert f.span(length) == text


def test_a_time_today_is_only_the_clock_and_else_carries_its_day_in_the_viewers_zone():
    berlin = f.zone("Europe/Berlin")
    assert f.moment(NOW, NOW, berlin) == "15:32"
    assert f.moment(datetime(2026, 11, 18, 15, 20, tzinfo=UTC), NOW, berlin) == "Wed 18 Nov, 16:20"
    # 23:30 UTC is already the next day in Berlin
    assert f.day(datetime(2026, 11, 17, 23, 30, tzinfo=UTC), NOW, berlin) == "18 Nov"


def test_a_day_of_another_year_carries_its_year_however_near_it_is():
    berlin = f.zone("Europe/Berlin")
    assert f.day(datetime(2027, 9, 18, 9, tzinfo=UTC), NOW, berlin) == "18 Sep 2027"
    assert f.day(datetime(2025, 12, 31, 22, 30, tzinfo=UTC), NOW, berlin) == "31 Dec 2025"
    # 23:30 UTC on New Year's Eve is the next year in Berlin, and the same one for whoever is there
    assert f.day(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), NOW, berlin) == "1 Jan 2027"
    assert f.moment(datetime(2027, 2, 25, 8, tzinfo=UTC), NOW, berlin) == "Thu 25 Feb 2027, 09:00"
    assert f.moment(datetime(2025, 1, 2, 8, tzinfo=UTC), NOW, berlin) == "2 Jan 2025"


def test_an_unknown_zone_falls_back_to_utc():
    assert f.moment(NOW, NOW, f.zone("Mars/Olympus")) == "14:32"
    assert f.moment(NOW, NOW, f.zone("../etc/passwd")) == "14:32"


def test_forecasts_are_rounded_to_two_digits():
    assert f.about(1234) == "about 1,200"
    assert f.about(87) == "about 87"


def test_one_person_is_not_one_people():
    assert f.counted(1, "people") == "1 person"
    assert f.counted(182_400, "requests") == "182,400 requests"
    assert f.counted(1, "requests") == "1 request"


def test_the_interval_of_a_difference_has_both_signs_and_its_unit_once():
    assert f.signed_interval(5.0, 74.0, "points") == "(+5 to +74)"
    assert f.signed_interval(-0.003, 0.002, "share") == "(−0.3 to +0.2)"
    assert f.signed_interval(-0.072, 0.019, "relative") == "(−7.2 to +1.9)"
    assert f.signed_interval(16.0, 1600.0, "ms") == "(+16 ms to +1.60 s)"
    assert f.signed_interval(None, 1.0, "ms") == ""


def test_scores_around_zero_differ_in_points_and_their_interval_says_to():
    assert f.difference(50.4, "points") == "+50 points"
    assert f.interval(-65.0, 165.0, "points").startswith("(−65")
    assert " to " in f.interval(-65.0, 165.0, "points")
