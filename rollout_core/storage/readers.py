"""Which function answers which question of the event store. A new question is a new row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rollout_core.ports import event_questions as questions
from rollout_core.ports import evidence_questions, subject_questions
from rollout_core.rollouts.census import Difference, Population
from rollout_core.storage import (
    census,
    census_moves,
    event_retention,
    read_adoption,
    read_buckets,
    read_custom,
    read_errors,
    read_events,
    read_evidence,
    read_firsts,
    read_histograms,
    read_parts,
    read_people,
    read_ratings,
    read_register,
    read_strata,
    read_subjects,
    read_tail,
    read_totals,
    subject_parts,
)
from rollout_core.storage.reader import Reader

Answer = Callable[[Reader, Any], Any]

READERS: Mapping[type, Answer] = {
    questions.Totals: read_totals.totals,
    questions.Timeline: read_totals.timeline,
    questions.Histogram: read_histograms.histogram,
    questions.Tail: read_tail.tail,
    questions.Parts: read_parts.parts,
    questions.TimelineBins: read_histograms.timeline_bins,
    questions.Ratings: read_ratings.ratings,
    questions.Buckets: read_strata.buckets,
    questions.Exposed: read_strata.exposed,
    questions.Firsts: read_strata.firsts,
    questions.SpanCounts: read_strata.span_counts,
    questions.PrePeriod: read_strata.pre_period,
    questions.AdoptionAtAge: read_adoption.adoption,
    questions.ExposureCohorts: read_people.cohorts,
    questions.Retention: read_people.retention,
    questions.FlagMatrix: read_subjects.flag_matrix,
    questions.FlagsUsed: read_subjects.flags_used,
    questions.ActiveSubjects: read_subjects.active_subjects,
    questions.SubjectDays: read_subjects.subject_days,
    questions.TopGroups: read_events.top_groups,
    questions.ErrorGroups: read_errors.error_groups,
    questions.EventPage: read_events.event_page,
    questions.DeadLetters: read_events.dead_letters,
    questions.Refusals: read_events.refusals,
    questions.DaysAside: read_events.aside,
    questions.IngestCounts: read_events.ingest_counts,
    questions.StoredCounts: read_events.stored_counts,
    questions.Kept: event_retention.kept,
    questions.Watermarks: read_events.watermarks,
    questions.LastSeen: read_events.last_seen,
    questions.Latest: read_events.latest,
    subject_questions.SubjectPage: read_register.subject_page,
    subject_questions.SubjectAttributes: subject_parts.subject_attributes,
    subject_questions.SubjectSums: read_register.subject_sums,
    Population: census.answer,
    Difference: census_moves.answer,
    evidence_questions.Newcomers: read_evidence.answer_newcomers,
    evidence_questions.BucketSums: read_buckets.answer_bucket_sums,
    evidence_questions.SumsBefore: read_buckets.answer_sums_before,
    evidence_questions.VersionFirsts: read_firsts.answer_version_firsts,
    evidence_questions.FirstValues: read_firsts.answer_first_values,
    evidence_questions.RecentSums: read_buckets.answer_recent_sums,
    evidence_questions.CustomRows: read_custom.custom_rows,
    evidence_questions.Matured: read_evidence.answer_matured,
}
