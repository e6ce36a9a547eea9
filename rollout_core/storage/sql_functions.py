"""Which functions people's SQL may call: those named here, and nothing that a newer DuckDB brings along.

A query is stopped between two steps of it, never inside a call; so what a call can make out of short arguments has to
be bounded beforehand. Left out is what makes any amount of memory or time out of a number (`repeat`, `lpad`, `format`,
`bar`), takes the product of two long texts' lengths (`levenshtein`), waits (`sleep_ms`), tells or changes something of
the instance (`current_setting`, `json_serialize_plan`), or does not stand up to every argument: a deeply nested
structure ends the process in `from_json`, a huge sample size the whole database in `reservoir_quantile`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from rollout_core.errors import QueryRefused


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPERATORS = _words("""
+ - * / // % ** ^ & | << >> ~ ! || @ ^@ -> ->> ~~ !~~ ~~* !~~* ~~~ && <@ @> like_escape not_like_escape ilike_escape
not_ilike_escape
""")

NUMBERS = _words("""
abs acos acosh add asin asinh atan atan2 atanh bit_count cbrt ceil ceiling cos cosh cot degrees divide even exp fdiv
floor fmod gcd greatest greatest_common_divisor hash isfinite isinf isnan lcm least least_common_multiple ln log log10
log2 mod multiply nextafter pi pow power radians random round round_even roundbankers sign signbit sin sinh sqrt
subtract tan tanh trunc width_bucket xor
""")

TIMES = _words("""
age ago century current_date current_localtime current_localtimestamp date_add date_diff date_part date_sub date_trunc
datediff datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms
epoch_ns epoch_us era get_current_time get_current_timestamp hour isodow isoyear julian last_day make_date make_time
make_timestamp make_timestamp_ms make_timestamptz microsecond millennium millisecond minute month monthname nanosecond
now quarter second strftime strptime time_bucket timezone timezone_hour timezone_minute to_centuries to_days
to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds
to_timestamp to_weeks to_years today transaction_timestamp try_strptime week weekday weekofyear year yearweek
""")

TEXTS = _words("""
array_extract array_slice ascii bit_length char_length character_length chr concat concat_ws contains ends_with
format_bytes formatreadabledecimalsize formatreadablesize instr lcase left length lower ltrim md5 octet_length ord
parse_dirname parse_dirpath parse_filename parse_path position prefix regexp_extract regexp_extract_all
regexp_full_match regexp_matches regexp_replace regexp_split_to_array replace reverse right rtrim sha1 sha256 split
split_part starts_with str_split str_split_regex string_split string_split_regex string_to_array strip_accents strlen
strpos substr substring suffix trim typeof ucase unicode upper
""")

NESTED = _words("""
aggregate array_aggr array_aggregate array_append array_cat array_concat array_contains array_distinct array_has
array_has_all array_has_any array_indexof array_intersect array_length array_pop_back array_pop_front array_position
array_prepend array_push_back array_push_front array_reverse array_reverse_sort array_sort array_to_string
array_unique cardinality element_at flatten json_array_length json_exists json_extract json_extract_path
json_extract_path_text json_extract_string json_keys json_type json_valid json_value len list_aggr list_aggregate
list_any_value list_append list_approx_count_distinct list_avg list_bool_and list_bool_or list_cat list_concat
list_contains list_count list_distinct list_element list_entropy list_extract list_first list_has list_has_all
list_has_any list_histogram list_indexof list_intersect list_last list_mad list_max list_median list_min list_mode
list_pack list_position list_prepend list_product list_reverse list_reverse_sort list_slice list_sort list_stddev_pop
list_stddev_samp list_sum list_to_string list_unique list_value list_var_pop list_var_samp map map_contains
map_entries map_extract map_extract_value map_keys map_values row struct_extract struct_extract_at struct_pack unnest
""")

OTHERS = _words("coalesce constant_or_null gen_random_uuid ifnull nullif uuid")

AGGREGATES = _words("""
any_value approx_count_distinct approx_quantile arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin
array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp
entropy favg first fsum geomean geometric_mean group_concat histogram kahan_sum kurtosis kurtosis_pop last list
listagg mad max max_by mean median min min_by mode product quantile quantile_cont quantile_disc regr_avgx regr_avgy
regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp
string_agg sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg
""")

WINDOWS = _words("""
cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number
""")

ALLOWED = OPERATORS | NUMBERS | TIMES | TEXTS | NESTED | OTHERS | AGGREGATES | WINDOWS

SEPARATOR: Mapping[str, int] = {
    "concat_ws": 0, "array_to_string": 1, "list_to_string": 1, "string_agg": 1, "group_concat": 1, "listagg": 1,
    "list_aggregate": 2, "list_aggr": 2, "array_aggregate": 2, "array_aggr": 2, "aggregate": 2}
"""Function -> which argument it puts between texts: one of any length would multiply."""

LONGEST_SEPARATOR = 16

HOW_MANY: Mapping[str, int] = {
    "max": 1, "min": 1, "arg_max": 2, "arg_min": 2, "argmax": 2, "argmin": 2, "max_by": 2, "min_by": 2}
"""Function -> which argument says how many values a group keeps room for."""

MOST_KEPT = 100


def check_function(node: dict[str, Any]) -> None:
    """Raises QueryRefused for a call, as a node of DuckDB's parse tree, that may not stand in a user's query."""
    name = str(node.get("function_name", "")).lower()
    if name not in ALLOWED:
        raise QueryRefused(f"The function {name} may not be used.", mend=_instead(name))
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
    for how_many in node.get("children", [])[HOW_MANY.get(name, sys.maxsize):][:1]:
        text = _constant(how_many) or ""
        if not text.isdecimal() or int(text) > MOST_KEPT:
            raise QueryRefused(f"{name} may keep a constant number of at most {MOST_KEPT} values.",
                               mend="`row_number() OVER (ORDER BY …)` numbers any number of rows.")


def _instead(name: str) -> str:
    """What to write instead of a function that is not known here: a mistyped name, most of the time."""
    near = get_close_matches(name, ALLOWED, 1, 0.75)
    return f"Did you mean {near[0]}?" if near else ("Ask without it; `range` and `generate_series` may stand in FROM, "
                                                    "`unnest` turns a list into rows.")


def _shrinks(name: str, children: list[dict[str, Any]]) -> bool:
    """Whether what is put in cannot make a text of any length out of a short one."""
    taken, put = (_constant(each) for each in children[1:3]) if len(children) >= 3 else (None, None)
    return taken is not None and put is not None and len(put) <= (1 if name == "regexp_replace" else len(taken))


def _constant(node: dict[str, Any]) -> str | None:
    """The text of a constant; None for anything that is computed."""
    value = node.get("value") if node.get("class") == "CONSTANT" else None
    return None if not isinstance(value, dict) else "" if value.get("is_null") else str(value.get("value", ""))
