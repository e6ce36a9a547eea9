"""How much one statement could make out of what it reads, told from its parse tree before it runs.

DuckDB looks for an interrupt between two steps of a query: not while it plans one, and not inside an expression. What
doubles from one WITH clause or subquery to the next (`t || t`, `{a: s, b: s}`, `SELECT *, *`, a join with itself) is
past every limit of time and memory before anything can stop it, so it is counted here and refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rollout_core.errors import QueryRefused

MOST_TABLES = 40
"""Views and table functions in FROM, those of a WITH clause as often as it is used: planning 80 takes minutes."""

MOST_STARS = 100
"""How often a `*` may bring along the columns of one view."""

MOST_GROUPINGS = 256
"""Sets of CUBE, ROLLUP and GROUPING SETS: each is an aggregation of its own, 4,096 take 20 CPU seconds to plan."""

MOST_CHARACTERS = 512_000
"""Of a value; 2,048 of them are made in one step."""

LONGEST_STORED = 2_000
"""Characters of a text in a view (`Limits.max_text`)."""

MOST_TERMS = 20_000
"""Of an expression, names of other columns of its SELECT replaced by what they stand for."""

GATHERS = frozenset({
    "||", "concat", "concat_ws", "list_value", "list_pack", "row", "struct_pack", "list_concat", "list_cat",
    "array_concat", "array_cat", "list_append", "list_prepend", "array_append", "array_prepend", "array_push_back",
    "array_push_front", "map"})
"""Functions whose value holds all of its arguments."""

GATHERS_ROWS: Mapping[str, int] = dict.fromkeys(
    ("list", "array_agg", "string_agg", "group_concat", "listagg", "histogram", "list_histogram"), 16)
"""Aggregates whose value holds many rows' -> as how many copies that counts."""


@dataclass(frozen=True, slots=True)
class Reach:
    """`copies` of a source's value in one value, `stars`: how often a view's columns, `tables` that are read."""

    copies: int = 1
    stars: int = 1
    tables: int = 0


@dataclass(frozen=True, slots=True)
class Term:
    """An expression: copies of a value of FROM in it (0: a constant, no longer than the query), and its size."""

    copies: int = 1
    terms: int = 1


Names = Mapping[str, Reach]
Source = tuple[str, Reach]
"""The name by which a SELECT knows what it reads, and what that is."""


def check_growth(statement: Mapping[str, Any]) -> None:
    """Raises QueryRefused for a statement (of `json_serialize_sql`) that could grow beyond the limits above."""
    longest = max((len(str(value)) for value in _constants(statement)), default=0)
    reach = _query(statement.get("node", {}), {})
    if reach.copies * max(longest, LONGEST_STORED) > MOST_CHARACTERS:
        raise _too_much(f"could put {reach.copies:,} copies of a text into one value")


def _too_much(what: str) -> QueryRefused:
    return QueryRefused(f"The query {what}.", mend="Ask in several steps, or in a notebook on a copy of the store.")


def _query(node: Any, names: Names) -> Reach:
    """A SELECT, a set operation, or the node of a WITH clause."""
    named = dict(names)
    for entry in node.get("cte_map", {}).get("map", []):
        named[str(entry.get("key", "")).lower()] = _query(entry["value"]["query"]["node"], named)
    if node.get("type") == "SELECT_NODE":
        return _select(node, named)
    if node.get("type") == "RECURSIVE_CTE_NODE":
        named[str(node.get("cte_name", "")).lower()] = Reach()
        again = _query(node["right"], named)
        if again.copies > 2:
            raise _too_much("puts a recursive WITH clause's text together more than twice")
        return _either((_query(node["left"], named), again))
    return _either(_query(each, named) for each in _queries_in(node))


def _select(node: Mapping[str, Any], names: Names) -> Reach:
    if len(node.get("group_sets", [])) > MOST_GROUPINGS:
        raise _too_much(f"groups in more than {MOST_GROUPINGS} ways at once")
    sources = [*_sources(node.get("from_table", {}), names)]
    asked = [_query(each, names) for each in _queries_in({**node, "cte_map": {}, "from_table": {}})]
    below = [*(reach for _, reach in sources), *asked]
    tables = sum(each.tables for each in below)
    if tables > MOST_TABLES:
        raise _too_much(f"reads more than {MOST_TABLES} tables, those of a WITH clause as often as it is used")
    stars = sum(_stars(each, sources) for each in _parts(node.get("select_list", [])) if each.get("class") == "STAR")
    if stars > MOST_STARS:
        raise _too_much(f"brings the columns of more than {MOST_STARS} views")
    held = max((each.copies for each in below), default=1)
    return Reach(held * _List().copies(node), max(stars, 1), tables)


def _stars(star: Mapping[str, Any], sources: Sequence[Source]) -> int:
    """How often a `*`, or `name.*`, brings the columns of one view."""
    one = str(star.get("relation_name", "")).lower()
    named = [reach for name, reach in sources if name == one]
    return sum(reach.stars for reach in named) or sum(reach.stars for _, reach in sources)


def _sources(table: Any, names: Names) -> Iterator[Source]:
    """What FROM reads."""
    kind, alias = table.get("type"), str(table.get("alias") or "").lower()
    if kind == "JOIN":
        yield from (each for side in ("left", "right") for each in _sources(table[side], names))
        yield from (("", _query(each, names)) for each in _queries_in(table.get("condition")))
    elif kind == "SUBQUERY":
        yield alias, _query(table["subquery"]["node"], names)
    elif kind == "BASE_TABLE":
        name = str(table.get("table_name", "")).lower()
        yield alias or name, names.get(name, Reach(tables=1))
    elif kind not in {None, "EMPTY"}:
        yield alias, Reach(tables=1)
        yield from _sources(table.get("source") or {}, names)
        yield from (("", _query(each, names)) for each in _queries_in({**table, "source": {}}))


@dataclass(slots=True)
class _List:
    """The expressions of one SELECT, in which a column may name another one of the same list."""

    named: dict[str, Term] = field(default_factory=dict)

    def copies(self, node: Mapping[str, Any]) -> int:
        """The most copies in any of them."""
        found = []
        for expression in node.get("select_list", []):
            term = self.term(expression)
            if expression.get("alias"):
                self.named[str(expression["alias"]).lower()] = Term(max(term.copies, 1), term.terms)
            found.append(term)
        found += [self.term(node[part]) for part in ("where_clause", "having", "qualify") if node.get(part)]
        return max(1, *(each.copies for each in found))

    def term(self, node: Any) -> Term:
        """One expression. Raises QueryRefused for one that is too large."""
        if node.get("class") == "COLUMN_REF" and len(node.get("column_names", [])) == 1:
            return self.named.get(str(node["column_names"][0]).lower(), Term())
        if node.get("class") == "CONSTANT":
            return Term(copies=0)
        parts = [self.term(each) for each in _children(node)]
        name = str(node.get("function_name", "")).lower()
        terms = 1 + sum(each.terms for each in parts)
        if terms > MOST_TERMS:
            raise _too_much(f"holds an expression of more than {MOST_TERMS:,} terms")
        copies = [each.copies for each in parts] or [1]
        return Term((sum if name in GATHERS else max)(copies) * GATHERS_ROWS.get(name, 1), terms)


def _children(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The expressions right below one; what a subquery holds is not among them."""
    for value in node.values():
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, dict) and "class" in each:
                yield each
            elif isinstance(each, dict) and "node" not in each:
                yield from _children(each)


def _queries_in(tree: Any) -> Iterator[Mapping[str, Any]]:
    """The queries below, not those within them."""
    for value in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        if isinstance(value, dict) and str(value.get("type", "")).endswith("_NODE"):
            yield value
        else:
            yield from _queries_in(value)


def _parts(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every expression below, those of subqueries apart."""
    for each in tree:
        yield each
        yield from _parts(_children(each))


def _constants(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        if tree.get("class") == "CONSTANT" and isinstance(tree.get("value"), dict):
            yield tree["value"].get("value", "")
        for value in tree.values():
            yield from _constants(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _constants(value)


def _either(found: Iterable[Reach]) -> Reach:
    """Of several queries one after the other."""
    every = [Reach(), *found]
    return Reach(max(each.copies for each in every), max(each.stars for each in every),
                 sum(each.tables for each in every))
