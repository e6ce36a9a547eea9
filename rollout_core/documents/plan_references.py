"""Short cuts in plan documents, expanded before reading: an audience names a segment, an alert's advice a guide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Located

Named = Mapping[object, Located]


def expand_references(tree: Located, found: Findings) -> Located:
    """The tree with `segment: KEY` in audiences and `advice: KEY` in alerts replaced by what they name."""
    segments, guides = _by_key(tree, "segments"), _by_key(tree, "guides")
    tree = _each(tree, "audiences", lambda item, path: _with_segment(item, segments, path, found))
    return _each(tree, "alerts", lambda item, path: _with_guide(item, guides, path, found))


def _by_key(tree: Located, name: str) -> Named:
    listed = tree.entries.get(name)
    items = listed.items if listed else ()
    return {item.entries["key"].value: item for item in items if "key" in item.entries and not _nested(item, "key")}


def _nested(item: Located, key: str) -> bool:
    return isinstance(item.entries[key].value, (tuple, Mapping))


def _each(tree: Located, name: str, change: Callable[[Located, str], Located]) -> Located:
    listed = tree.entries.get(name)
    if listed is None or not listed.items:
        return tree
    items = tuple(change(item, f"{name}[{index}]") for index, item in enumerate(listed.items))
    entries = MappingProxyType({**tree.entries, name: Located(items, listed.line)})
    return Located(entries, tree.line, tree.key_lines)


def _replaced(item: Located, without: str, more: Mapping[str, Located]) -> Located:
    entries = {key: value for key, value in item.entries.items() if key != without}
    lines = {**{key: item.key_lines.get(without, item.line) for key in more}, **item.key_lines}
    return Located(MappingProxyType({**more, **entries}), item.line, MappingProxyType(lines))


def _with_segment(item: Located, segments: Named, path: str, found: Findings) -> Located:
    named = item.entries.get("segment")
    if named is None:
        return item
    segment = None if isinstance(named.value, (tuple, Mapping)) else segments.get(named.value)
    if segment is None:
        found.unknown(f"{path}.segment", "segment", named.value, map(str, segments), line=named.line)
        return _replaced(item, "segment", {"rule": Located("everybody", named.line)})
    return _replaced(item, "segment", {key: segment.entries[key] for key in ("key", "name", "rule")
                                       if key in segment.entries})


def _with_guide(item: Located, guides: Named, path: str, found: Findings) -> Located:
    named = item.entries.get("advice")
    if named is None or not isinstance(named.value, str):
        return item
    guide = guides.get(named.value)
    if guide is None or "steps" not in guide.entries:
        found.unknown(f"{path}.advice", "guide", named.value, map(str, guides), line=named.line)
        return _replaced(item, "advice", {})
    return _replaced(item, "advice", {"advice": guide.entries["steps"]})
