"""Which functions people's SQL may call: not those that one call of which takes any amount of memory or time.

A query is stopped between two steps of it, never inside a call; so what a call can make out of short arguments has to
be bounded beforehand.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from rollout_core.errors import QueryRefused

REFUSED_FUNCTIONS = frozenset({
    "repeat", "lpad", "rpad", "bar", "format", "printf", "bitstring", "list_resize", "array_resize", "range",
    "generate_series",
    "levenshtein", "editdist3", "damerau_levenshtein", "jaro_similarity", "jaro_winkler_similarity",
    "pg_sleep", "write_log", "current_setting", "getvariable", "getenv", "current_query"})
"""Scalar functions that make any amount of memory out of a number, which no limit of DuckDB stops in time (2 GB of
`repeat` ran for 54 s instead of 10), that take the product of two long texts' lengths, that wait, write, or read
settings. `range` and `generate_series` stay as tables.
"""

SEPARATOR: Mapping[str, int] = {
    "concat_ws": 0, "array_to_string": 1, "list_to_string": 1, "string_agg": 1, "group_concat": 1, "listagg": 1,
    "list_aggregate": 2, "list_aggr": 2, "array_aggregate": 2, "array_aggr": 2, "aggregate": 2}
"""Function -> which argument it puts between texts: one of any length would multiply."""

LONGEST_SEPARATOR = 16


def check_function(node: dict[str, Any]) -> None:
    """Raises QueryRefused for a call, as a node of DuckDB's parse tree, that may not stand in a user's query."""
    name = str(node.get("function_name", "")).lower()
    if name in REFUSED_FUNCTIONS:
        raise QueryRefused(f"The function {name} may not be used.",
                           mend="Ask without it; `range` and `generate_series` may stand in FROM.")
    if any(child.get("class") == "LAMBDA" for child in node.get("children", [])):
        raise QueryRefused("Lambda functions may not be used.", mend="`unnest` turns a list into rows.")
    if name in {"replace", "regexp_replace"} and not _shrinks(name, node.get("children", [])):
        raise QueryRefused(f"{name} may only put in a constant text no longer than the one it takes out (a pattern: "
                           "one character).", mend="Use a shorter replacement.")
    for separator in node.get("children", [])[SEPARATOR.get(name, sys.maxsize):][:1]:
        text = _constant(separator)
        if text is None or len(text) > LONGEST_SEPARATOR:
            raise QueryRefused(f"{name} may only put a constant of at most {LONGEST_SEPARATOR} characters between "
                               "texts.", mend="Use a comma, for instance.")


def _shrinks(name: str, children: list[dict[str, Any]]) -> bool:
    """Whether what is put in cannot make a text of any length out of a short one."""
    taken, put = (_constant(each) for each in children[1:3]) if len(children) >= 3 else (None, None)
    return taken is not None and put is not None and len(put) <= (1 if name == "regexp_replace" else len(taken))


def _constant(node: dict[str, Any]) -> str | None:
    """The text of a constant; None for anything that is computed."""
    value = node.get("value") if node.get("class") == "CONSTANT" else None
    return None if not isinstance(value, dict) else "" if value.get("is_null") else str(value.get("value", ""))
