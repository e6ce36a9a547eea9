"""YAML text -> Located tree. Safe (no tags, bounded size), duplicate keys are mistakes, every value has its line."""

from __future__ import annotations

import re
from types import MappingProxyType

import yaml

from rollout_core.documents.findings import Findings
from rollout_core.documents.located import Leaf, Located

MAX_CHARACTERS = 500_000
MAX_VALUES = 30_000
"""Bounds on a document, each some twenty times the largest plan that ships: what is longer is refused before it is
parsed, what holds more as soon as that is seen, since each value takes 25 µs; what grows by aliases fills no memory."""


_SCALARS = (
    ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^(?:[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"
              r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$", "-+.0123456789"),
    ("timestamp", r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ][0-9:.]+(?:[ ]*(?:Z|[-+][0-9:]+))?)?$", "0123456789"),
)
"""Which bare words are not text: YAML 1.2's core schema and dates. `on`, `no`, `1:30` and `010` stay text."""


_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")


def _no_resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    return {}


class _Loader(yaml.SafeLoader):
    """SafeLoader with the table above, which composes no more than the values that are allowed."""

    yaml_implicit_resolvers = _no_resolvers()
    _composed = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """One value, with what is in it. Raises MarkedYAMLError for one too many."""
        self._composed += 1
        if self._composed > MAX_VALUES:
            raise yaml.MarkedYAMLError(problem=f"more than {MAX_VALUES:,} values",
                                       problem_mark=self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        return node


class _Dumper(yaml.SafeDumper):
    """SafeDumper that quotes what the loader would not read as text."""

    yaml_implicit_resolvers = _no_resolvers()

    def ignore_aliases(self, data: object) -> bool:
        """Values are written out, never referred to."""
        return True


for _name, _pattern, _first in _SCALARS:
    for _tongue in (_Loader, _Dumper):
        _firsts = [letter if letter != "\0" else "" for letter in _first]
        _tongue.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _firsts)


def _write_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    """Text; with line breaks that only double quotes keep (PyYAML loses them otherwise)."""
    style = '"' if any(mark in text for mark in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


def write_yaml(value: object) -> str:
    """Plain values as YAML text, keys in their order."""
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return str(text)


class _Reading:
    """One pass over the node tree: builds Located values, notes duplicate keys, odd tags and too many values."""

    def __init__(self, loader: _Loader, findings: Findings) -> None:
        self._loader = loader
        self._findings = findings
        self._values = 0

    def read(self, node: yaml.Node, path: str) -> Located:
        """The Located value of a node; never deeper or larger than the bounds."""
        self._values += 1
        line = node.start_mark.line + 1
        if self._values > MAX_VALUES:
            raise yaml.MarkedYAMLError(problem=f"more than {MAX_VALUES:,} values (aliases multiply them)",
                                       problem_mark=node.start_mark)
        if not isinstance(node, yaml.ScalarNode) and node.tag not in _PLAIN_TAGS:
            self._findings.add(path, f"the tag {node.tag!r} is not allowed", line=line)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, line)
        if isinstance(node, yaml.SequenceNode):
            return Located(tuple(self.read(item, f"{path}[{i}]") for i, item in enumerate(node.value)), line)
        return Located(self._leaf(node, path, line), line)

    def _mapping(self, node: yaml.MappingNode, path: str, line: int) -> Located:
        entries: dict[str, Located] = {}
        lines: dict[str, int] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value) if isinstance(key_node, yaml.ScalarNode) else ""
            key_line = key_node.start_mark.line + 1
            where = f"{path}.{key}" if path else key
            if not key:
                self._findings.add(path, "a key must be a plain word", line=key_line)
            elif key in entries:
                self._findings.add(where, f"the key is written twice (first on line {lines[key]})", line=key_line)
            else:
                entries[key], lines[key] = self.read(value_node, where), key_line
        return Located(MappingProxyType(entries), line, MappingProxyType(lines))

    def _leaf(self, node: yaml.Node, path: str, line: int) -> Leaf:
        try:
            value: Leaf = self._loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError) as error:
            self._findings.add(path, f"cannot be read: {str(error).splitlines()[0]}", line=line)
            return None
        if isinstance(value, (bytes, set)):
            self._findings.add(path, "only plain text, numbers, true/false and dates are allowed", line=line)
            return None
        return value


def read_yaml(text: str, findings: Findings) -> Located | None:
    """The document's tree, or None when the text is no YAML at all (then `findings` says where it breaks)."""
    if len(text) > MAX_CHARACTERS:
        findings.add("", f"the document is longer than {MAX_CHARACTERS:,} characters", line=1)
        return None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            findings.add("", "the document is empty", line=1)
            return None
        return _Reading(loader, findings).read(node, "")
    except RecursionError:
        findings.add("", "the document is nested too deeply or refers to itself", line=1)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        context = f" ({error.context})" if error.context else ""
        findings.add("", f"broken YAML: {error.problem}{context}", line=mark.line + 1 if mark else 1)
    except yaml.YAMLError as error:
        findings.add("", f"broken YAML: {str(error).splitlines()[0]}", line=1)
    return None
