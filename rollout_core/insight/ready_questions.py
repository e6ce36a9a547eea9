"""The questions that come with the product: what analysts ask first, each ready to run and to edit. Whoever may see the
numbers may ask them: each counts, none names a subject.

A subject may stand in any of the four slots of an event, so arms are found by unnesting them and joining the spans.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Question:
    """A question by name. `id` stands in the address; `about` says what the answer holds; `own` False: it comes with
    the product."""

    id: str
    name: str
    sql: str
    own: bool = False
    about: str = ""


SHIPPED: tuple[Question, ...] = (
    Question("worst-inp", "Worst pages for INP in treatment",
             about="p75 and page views of both arms, last 28 days", sql="""\
with inp as (select page, value / 1000 as ms, occurred_at, unnest([k0, k1, k2, k3]) as subject_key
             from web_vitals where name = 'INP' and page is not null
               and occurred_at >= (select max(day) - 28 from subject_days)),
in_arm as (select s.rollout, s.arm, i.page, i.ms from inp i join spans s on s.subject_key = i.subject_key
           and i.occurred_at >= s.from_at and i.occurred_at < s.to_at)
select rollout, page, quantile_disc(ms, 0.75) filter (where arm = 'treatment') as treatment_p75_ms,
       count(*) filter (where arm = 'treatment') as treatment_page_views,
       quantile_disc(ms, 0.75) filter (where arm = 'control') as control_p75_ms,
       count(*) filter (where arm = 'control') as control_page_views
from in_arm group by all order by treatment_p75_ms desc nulls last"""),
    Question("adoption", "Adoption by arm and day",
             about="of those first exposed that day, who used any feature within 7 days", sql="""\
with first as (select rollout, unit, arm, subject_key, min(from_at) as seen_at, max(to_at) as left_at
               from spans where arm in ('treatment', 'control') group by all),
used as (select f.rollout, f.arm, f.subject_key, f.seen_at, min(d.first_at) as used_at
         from first f left join subject_days d on d.unit = f.unit and d.subject_key = f.subject_key
           and d.kind = 'feature_use' and d.first_at >= f.seen_at and d.first_at < f.left_at group by all)
select rollout, cast(seen_at as date) as day, arm, count(*) as exposed,
       count(*) filter (where used_at < seen_at + interval 7 day) as used_within_7_days,
       used_within_7_days / exposed as adoption
from used group by all order by rollout, day, arm"""),
    Question("error-rate", "Error rate by arm",
             about="failed requests and sessions with an error, since the first event", sql="""\
select rollout, arm, metric, sum(n)::bigint as measured, sum(s)::bigint as failed,
       round(failed / measured, 5) as error_rate
from hours where metric in ('request_errors', 'session_errors') and arm in ('treatment', 'control')
group by all order by rollout, metric, arm"""),
    Question("phases", "Exposures by phase",
             about="who entered each phase, in which arm, from when to when", sql="""\
select rollout, phase, arm, sum(entered)::bigint as people, min(hour) as first_at, max(hour) as last_at
from entered group by all order by rollout, first_at, arm"""),
    Question("slow", "Slow endpoints by arm",
             about="p50, p95 and the share that failed, last 28 days", sql="""\
with requests as (select endpoint, value / 1000 as ms, status, occurred_at,
                         unnest([k0, k1, k2, k3]) as subject_key
                  from api_requests where occurred_at >= (select max(day) - 28 from subject_days))
select s.rollout, s.arm, r.endpoint, count(*) as requests, quantile_disc(r.ms, 0.5) as p50_ms,
       quantile_disc(r.ms, 0.95) as p95_ms, avg(coalesce(r.status >= 500, true)::int) as failed
from requests r join spans s on s.subject_key = r.subject_key
  and r.occurred_at >= s.from_at and r.occurred_at < s.to_at
where s.arm in ('treatment', 'control')
group by all order by p95_ms desc"""),
    Question("errors", "Errors by category and release",
             about="which build brought which kind of error", sql="""\
select category, release, count(*) as errors
from errors
group by all
order by errors desc"""),
    Question("sessions", "Sessions per day",
             about="how much it is used at all", sql="""\
select cast(occurred_at as date) as day, count(*) as sessions
from sessions
group by all
order by day"""),
    Question("changes", "Every change of shares",
             about="what was advanced, rolled back or paused, and when", sql="""\
select rollout, epoch, began_at, phase, percentage / 1000 as percent, cause
from epochs
order by began_at desc"""),
)
"""A person edits from there."""


def is_ready(sql: str) -> bool:
    """Whether this is the SQL of a question that comes with the product, to the letter."""
    return any(each.sql == sql.strip() for each in SHIPPED)
