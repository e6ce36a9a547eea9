"""Answers AdoptionAtAge, ExposureCohorts, Retention: what people do after their first exposure. Closed windows only.

Who is exposed comes from `arm_span`, what they do from `subject_day`. A use counts from 5 minutes before the exposure
on, since the clocks of two senders differ.
"""

from __future__ import annotations

from rollout_core.ports.event_questions import COMPARED_ARMS, AdoptionAtAge, ExposureCohorts, Retention, Rows
from rollout_core.storage.event_insert import literal
from rollout_core.storage.read_raw import listed
from rollout_core.storage.reader import Reader
from rollout_core.storage.window_sources import quoted

CLOCKS_DIFFER = "INTERVAL 5 MINUTE"
USES = "kind = 'feature_use'"


def adoption(reader: Reader, question: AdoptionAtAge) -> Rows:
    """Exposed, tried within the age, used again on a later day; by arm and stratum of the first exposure."""
    flags = (question.flag,) if question.flag is not None else question.flags
    narrowed = f" AND what IN ({listed(flags)})" if flags else ""
    first = _first_exposure(question.rollout) if question.flag is None else _first_of_flag(question.rollout,
                                                                                          question.flag)
    age = f"INTERVAL {int(question.age_hours)} HOUR"
    window = question.exposed_in
    return reader.rows(
        f"WITH first AS ({first}), cohort AS (SELECT * FROM first WHERE seen_at >= {literal(window.since_at)} "
        f"AND seen_at < {literal(window.until_at)} AND seen_at + {age} <= {literal(question.now)}), "
        f"uses AS (SELECT subject_key, day, min(first_at) AS first_at FROM subject_day "
        f"WHERE {USES}{narrowed} AND {_unit(question.rollout)} AND day >= {literal(window.since_at)}::DATE "
        f"GROUP BY ALL), "
        f"tried AS (SELECT c.subject_key, c.arm, min(u.first_at) AS tried_at FROM cohort AS c JOIN uses AS u "
        f"ON u.subject_key = c.subject_key AND u.first_at >= c.seen_at - {CLOCKS_DIFFER} "
        f"AND u.first_at < c.seen_at + {age} GROUP BY ALL), "
        f"again AS (SELECT DISTINCT t.subject_key, t.arm FROM tried AS t JOIN uses AS u "
        f"ON u.subject_key = t.subject_key AND u.day > t.tried_at::DATE "
        f"AND u.day <= t.tried_at::DATE + {int(question.again_days)}) "
        f"SELECT c.arm, c.epoch, c.inclusion, count(*) AS exposed, count(t.subject_key) AS tried, "
        f"count(g.subject_key) AS used_again FROM cohort AS c LEFT JOIN tried AS t "
        f"ON t.subject_key = c.subject_key AND t.arm = c.arm LEFT JOIN again AS g "
        f"ON g.subject_key = c.subject_key AND g.arm = c.arm GROUP BY ALL ORDER BY ALL")


def cohorts(reader: Reader, question: ExposureCohorts) -> Rows:
    """Weekly cohorts by first exposure and how many of each tried it within 1, 2, ... weeks."""
    window = question.window
    over = "c.week + INTERVAL 7 DAY + k.weeks * INTERVAL 7 DAY"
    return reader.rows(
        f"WITH first AS ({_first_exposure(question.rollout, (question.arm,))}), "
        f"cohort AS (SELECT subject_key, seen_at, date_trunc('week', seen_at)::DATE AS week FROM first "
        f"WHERE seen_at >= {literal(window.since_at)} AND seen_at < {literal(window.until_at)}), "
        f"tried AS (SELECT c.subject_key, c.week, min(u.first_at) - c.seen_at AS after FROM cohort AS c "
        f"JOIN subject_day AS u ON u.subject_key = c.subject_key AND {USES} AND {_unit(question.rollout)} "
        f"AND u.first_at >= c.seen_at - {CLOCKS_DIFFER} GROUP BY c.subject_key, c.week, c.seen_at), "
        f"sizes AS (SELECT week, count(*) AS exposed FROM cohort GROUP BY ALL) "
        f"SELECT c.week, c.exposed, k.weeks::INTEGER AS weeks, "
        f"(SELECT count(*) FROM tried AS t WHERE t.week = c.week AND t.after < k.weeks * INTERVAL 7 DAY) AS tried "
        f"FROM sizes AS c, range(1, {int(question.weeks) + 1}) AS k(weeks) WHERE {over} <= {literal(question.now)} "
        f"ORDER BY 1, 3")


def retention(reader: Reader, question: Retention) -> Rows:
    """At risk and active on day N (or within N days) after the first day, by arm and stratum of the first exposure."""
    window = question.exposed_in
    unit = _unit(question.rollout) if question.rollout is not None else f"unit = {quoted(question.unit or '')}"
    first = (_first_exposure(question.rollout) if question.rollout is not None else
             f"SELECT subject_key, 'all' AS arm, 0 AS epoch, 0 AS inclusion, min(first_at) AS seen_at FROM subject_day "
             f"WHERE {unit} AND kind IN ({listed(question.kinds)}) GROUP BY subject_key")
    hit = "a.gap BETWEEN 1 AND d.day_n" if question.within else "a.gap = d.day_n"
    days = ", ".join(str(int(day)) for day in question.days)
    return reader.rows(
        f"WITH first AS ({first}), cohort AS (SELECT *, seen_at::DATE AS day0 FROM first "
        f"WHERE seen_at >= {literal(window.since_at)} AND seen_at < {literal(window.until_at)}), "
        f"days AS (SELECT unnest([{days}]) AS day_n), "
        f"acts AS (SELECT DISTINCT c.subject_key, c.arm, u.day - c.day0 AS gap FROM cohort AS c "
        f"JOIN subject_day AS u ON u.subject_key = c.subject_key AND u.day > c.day0 "
        f"WHERE {unit.replace('unit', 'u.unit', 1)} AND u.kind IN ({listed(question.kinds)})), "
        f"active AS (SELECT DISTINCT d.day_n, a.subject_key, a.arm FROM days AS d JOIN acts AS a ON {hit}) "
        f"SELECT c.arm, c.epoch, c.inclusion, d.day_n::INTEGER AS day_n, count(*) AS at_risk, "
        f"count(a.subject_key) AS active FROM cohort AS c JOIN days AS d "
        f"ON c.day0 + d.day_n::INTEGER < {literal(question.now)}::DATE LEFT JOIN active AS a "
        f"ON a.day_n = d.day_n AND a.subject_key = c.subject_key AND a.arm = c.arm GROUP BY ALL ORDER BY ALL")


def _first_exposure(rollout: str, arms: tuple[str, ...] = COMPARED_ARMS) -> str:
    """SELECT subject_key, arm, epoch, inclusion, seen_at: each subject's first stretch in each arm, ever."""
    return (f"SELECT subject_key, arm, arg_min(epoch, from_at) AS epoch, arg_min(inclusion, from_at) AS inclusion, "
            f"min(from_at) AS seen_at FROM arm_span WHERE rollout = {quoted(rollout)} AND arm IN ({listed(arms)}) "
            f"GROUP BY subject_key, arm")


def _first_of_flag(rollout: str, flag: str) -> str:
    """The same, counted from the first exposure to one flag within a stretch."""
    return (f"SELECT s.subject_key, s.arm, arg_min(s.epoch, e.first_at) AS epoch, "
            f"arg_min(s.inclusion, e.first_at) AS inclusion, min(e.first_at) AS seen_at FROM arm_span AS s "
            f"JOIN subject_day AS e ON e.subject_key = s.subject_key AND e.unit = s.unit AND e.kind = 'exposure' "
            f"AND e.what = {quoted(flag)} AND e.first_at >= s.from_at AND e.first_at < s.to_at "
            f"WHERE s.rollout = {quoted(rollout)} AND s.arm IN ({listed(COMPARED_ARMS)}) GROUP BY s.subject_key, s.arm")


def _unit(rollout: str) -> str:
    """Condition: the row of subject_day is of the rollout's unit."""
    return f"unit = (SELECT unit FROM rollout_mirror WHERE rollout = {quoted(rollout)})"
