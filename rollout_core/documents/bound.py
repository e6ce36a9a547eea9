"""A metric held against a limit, as plans write it: `metric: error_rate` with `above: 5 %`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rollout_core.documents.codec import UNREAD, Key
from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located
from rollout_core.documents.metric_units import is_share
from rollout_core.documents.quantities import Quantity, as_percent
from rollout_core.documents.record import below
from rollout_core.rollouts.phase import Comparison

WORDS = {"above": Comparison.ABOVE, "at_least": Comparison.AT_LEAST, "below": Comparison.BELOW,
         "at_most": Comparison.AT_MOST}
_WORD_OF = {comparison: word for word, comparison in WORDS.items()}


@dataclass(frozen=True, slots=True)
class Bound:
    """The keys `metric` and one of above, at_least, below, at_most; neither or both. `limit` names the attribute."""

    limit: str

    @property
    def keys(self) -> tuple[str, ...]:
        return ("metric", *WORDS)

    def read(self, node: Located, path: str, found: Findings) -> dict[str, Any]:
        words = [word for word in WORDS if word in node.entries]
        if "metric" not in node.entries and not words:
            return {}
        if "metric" not in node.entries or len(words) != 1:
            found.add(path, "a limit needs one metric and exactly one comparison", line=node.line,
                      allowed="metric: NAME with one of " + ", ".join(WORDS))
            return {"metric": UNREAD}
        word = words[0]
        return {
            "metric": Key().read(node.entries["metric"], below(path, "metric"), found),
            "comparison": WORDS[word],
            self.limit: Quantity().read(node.entries[word], below(path, word), found),
        }

    def write(self, record: Any) -> dict[str, object]:
        if record.metric is None:
            return {}
        return {"metric": record.metric, _WORD_OF[record.comparison]: written(record.metric,
                                                                               getattr(record, self.limit))}


def written(metric: str, value: float) -> object:
    """A value of a metric as a person would write it: shares as `5 %`, whole numbers without a point."""
    if is_share(metric):
        return as_percent(value)
    return int(value) if value.is_integer() and abs(value) < 1e15 else value
