"""Bucketing: golden values worked out by hand with md5sum, and what must hold for every subject."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout_core.errors import InvalidPercentage
from rollout_core.flags.bucketing import BUCKETS, bucket_of, buckets_of_percentage, holdout_salt, variant_salt

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def test_the_bucket_is_the_first_eight_bytes_of_md5_little_endian():
    # printf 'salt:user-1' | md5sum -> b1449fb0edf57d43..., read backwards 0x437df5edb09f44b1 = 4863313573849285809,
    # mod 100,000 = 85,809. The same by hashlib, the other implementation:
    digest = hashlib.md5(b"salt:user-1").digest()
    by_hand = sum(byte << (8 * place) for place, byte in enumerate(digest[:8])) % 100_000
    assert bucket_of("salt", "user-1") == by_hand == 85_809


@pytest.mark.parametrize(("salt", "subject", "bucket"), [
    ("salt", "user-1", 85_809), ("salt", "user-2", 63_373), ("s", "", 27_725), ("", "x", 14_198),
    ("pharmacy", "Ünïcode-薬局-💊", 1_787)])
def test_buckets_never_change(salt: str, subject: str, bucket: int):
    assert bucket_of(salt, subject) == bucket


@given(TEXTS, TEXTS)
def test_every_subject_has_one_bucket(salt: str, subject: str):
    assert 0 <= bucket_of(salt, subject) < BUCKETS
    assert bucket_of(salt, subject) == bucket_of(salt, subject)


def test_buckets_are_spread_evenly():
    # 100,000 subjects into 100 groups of 1,000: chi-square with 99 degrees stays under 160 with p > 0.9999.
    counts = [0] * 100
    for number in range(100_000):
        counts[bucket_of("evenly", f"user-{number}") // 1_000] += 1
    assert sum((count - 1_000) ** 2 / 1_000 for count in counts) < 160


def test_holdout_and_variants_are_independent_of_the_bucket():
    # Of the 10 % lowest buckets a tenth is expected below the same limit by another salt: 1,000 of 10,000 +- 5 sigma.
    low = [f"user-{number}" for number in range(100_000) if bucket_of("salt", f"user-{number}") < 10_000]
    for other in (holdout_salt("salt"), variant_salt("salt", "flag")):
        share = sum(bucket_of(other, subject) < 10_000 for subject in low) / len(low)
        assert abs(share - 0.1) < 5 * (0.09 / len(low)) ** 0.5


@pytest.mark.parametrize(("percentage", "buckets"), [(0, 0), (0.1, 100), (5, 5_000), (100, 100_000), (33.3333, 33_333)])
def test_percentages_become_whole_buckets(percentage: float, buckets: int):
    assert buckets_of_percentage(percentage) == buckets


@pytest.mark.parametrize("wrong", [-0.1, 100.1, 101, float("nan"), float("inf"), True, "5", None])
def test_what_is_no_percentage_is_refused(wrong: object):
    with pytest.raises(InvalidPercentage, match="from 0 to 100"):
        buckets_of_percentage(wrong)  # type: ignore[arg-type]
