"""Verdicts in a terminal say what the pages say, in the same words."""

from __future__ import annotations

import pytest

from rollout_core.analysis.records import to_record
from rollout_core.analysis.verdict import Status, Verdict
from rollout_core.cli.decision_words import verdict_line


@pytest.mark.parametrize(("verdict", "line"), [
    (Verdict("errors", "error_rate", Status.WORSE, "ratio", 2.4, 1.7, None, 7.0, 5.0),
     "errors: Worse, 2.4 times control (1.7 times control to …), evidence 1,097, decides at 148"),
    (Verdict("adoption", "adoption_rate", Status.NOT_YET, log_e=-0.5, log_e_needed=3.0, reason="too_few"),
     "adoption: Not yet, evidence 0.61, decides at 20 (too few to say anything yet)"),
    (Verdict("sessions", "error_rate", Status.NO_DATA, reason="unnamed_errors"),
     "sessions: No data (errors come without the session they happened in)"),
    (Verdict("review", "", Status.MANUAL, reason="waits_for_signature"), "review: To sign (waits for a signature)"),
    (Verdict("sample_ratio", "exposures", Status.MISMATCH, "ratio", log_e=5.0, log_e_needed=4.0),
     "sample_ratio: Mismatch, evidence 148, decides at 55"),
])
def test_a_verdict_is_told_in_the_words_of_the_pages(verdict: Verdict, line: str) -> None:
    assert verdict_line(to_record(verdict)) == line
