"""How much free disk events need: what the settings say, else 1 GiB and 5 % of the disk."""

from __future__ import annotations

LEAST_BYTES = 1 << 30
LEAST_SHARE = 0.05


def least_free(minimum_bytes: int | None, total_bytes: int) -> int:
    """Below so many free bytes events are refused. `minimum_bytes` None: nobody has said."""
    return max(LEAST_BYTES, int(LEAST_SHARE * total_bytes)) if minimum_bytes is None else minimum_bytes


def in_words(count_bytes: int) -> str:
    """Bytes as people read them."""
    return f"{count_bytes / 2**30:.2f} GiB" if count_bytes >= LEAST_BYTES / 10 else f"{count_bytes / 2**20:.0f} MiB"
