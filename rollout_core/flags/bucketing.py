"""Bucketing: targeting key -> bucket. The same integer in Python, SQL and JavaScript.

bucket = first 8 bytes of md5(`salt:subject`, UTF-8), little-endian, mod 100,000. MD5 is used for its even spread and
because DuckDB and every browser have it, never for secrecy.
"""

from __future__ import annotations

from _md5 import md5  # type: ignore[import-not-found]

BUCKETS = 100_000
"""How many buckets there are: one is 0.001 % of the subjects, so 0.1 % is exactly 100 buckets."""

CLUSTER_BUCKETS = 128
"""How many groups the variance estimators cut the randomised units into."""


def bucket_of(salt: str, subject: str) -> int:
    """The bucket, 0..99,999, of a subject under a salt. Pure and total for every Unicode string without surrogates."""
    return int.from_bytes(md5(f"{salt}:{subject}".encode()).digest()[:8], "little") % BUCKETS


def holdout_salt(salt: str) -> str:
    """The holdout's own salt, so that being held out is independent of the bucket."""
    return f"{salt}/holdout"


def variant_salt(salt: str, flag: str) -> str:
    """A flag's own salt for its variants."""
    return f"{salt}/variant/{flag}"


def buckets_of_percentage(percentage: float) -> int:
    """A percentage (0..100) in buckets, rounded to the nearest bucket; the only way from floats to integers.

    Raises InvalidPercentage for NaN, infinity, booleans and everything outside 0..100.
    """
    from rollout_core.errors import InvalidPercentage

    if isinstance(percentage, bool) or not isinstance(percentage, (int, float)) or not 0 <= percentage <= 100:
        raise InvalidPercentage(f"{percentage!r} is not a percentage.", mend="Give a number from 0 to 100.",
                                percentage=percentage)
    return round(percentage * BUCKETS / 100)


def percentage_of_buckets(buckets: int) -> float:
    """Buckets as a percentage, for people."""
    return buckets * 100 / BUCKETS
