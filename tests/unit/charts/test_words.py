"""Verdict words and the escaping of user text."""

import pytest
from markdown_it import MarkdownIt

from rollout_core.charts import words


def test_a_state_nobody_has_named_says_unknown_and_never_something_reassuring():
    assert words.of(words.CRITERION, "brand_new_state") is words.UNKNOWN
    assert words.of(words.CRITERION, "met") is words.MET


def test_an_interval_that_holds_today_is_called_met_and_only_sequential_evidence_proven():
    assert words.CRITERION["met"].text == "Met"
    assert words.CRITERION["proven"].text == "Proven"


def test_a_sentence_begins_with_a_capital_and_ends_with_one_full_stop():
    assert words.sentence("the score is 97 of 100").replace("\\", "") == "The score is 97 of 100."
    assert words.sentence("Done.").replace("\\", "") == "Done."
    assert words.sentence("") == ""


@pytest.mark.parametrize(("score", "provisional", "word"), [
    (80, False, "Healthy"), (79.9, False, "Fair"), (60, False, "Fair"), (59.9, False, "Unhealthy"),
    (95, True, "Provisional"), (40, True, "Unhealthy"), (None, True, "No data"),
])
def test_the_health_word_changes_at_80_and_60_and_admits_missing_inputs(score, provisional, word):
    assert words.health_word(score, provisional).text == word


def test_no_two_words_of_one_table_share_their_icon_so_colour_is_never_the_only_difference():
    for table in (words.CRITERION, words.GUARDRAIL, words.STATUS, words.SEVERITY, words.ISSUE):
        icons = [(word.icon, word.text) for word in table.values()]
        assert len(set(icons)) == len(icons)
        assert all(word.icon for word in table.values())


HOSTILE = [
    "**bold**", "<script>alert(1)</script>", "[click](https://evil.example)", "![x](https://evil.example/a.png)",
    "https://evil.example", "www.evil.example", "`code`", "# heading", "$x^2$", ":red[text]", "a | b", "~~gone~~",
    "1. list", "- list", "> quote", "line\nbreak", "<https://evil.example>", "a\\b",
    ":red-badge[Critical]", "&lt;b&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_user_text_renders_as_itself_and_makes_no_link_picture_or_formatting(text):
    # The GFM rules Streamlit uses (strikethrough, bare links, tables) are on.
    reader = MarkdownIt("gfm-like", {"linkify": False})
    tokens = reader.parseInline(words.plain(text))[0].children
    assert {token.type for token in tokens} <= {"text", "text_special"}
    shown = "".join(token.content for token in tokens).replace("⁠", "")
    assert shown == " ".join(text.split())


@pytest.mark.parametrize("text", [
    ":material/home:", ":smile:", "https://evil.example", "www.evil.example", "a@b.example",
])
def test_what_streamlit_looks_for_in_finished_text_is_broken_by_an_invisible_joiner(text):
    shown = words.plain(text).replace("\\", "")
    assert text not in shown
    assert shown.replace("⁠", "") == text


def test_a_finished_text_can_be_shown_without_the_links_streamlit_would_make():
    assert words.unlinked("# Report\n\nhttps://evil.example :smile: [x]") == (
        "# Report\n\nhttps://\u2060evil.example :\u2060smile: [x]")


def test_a_word_says_a_count_with_its_own_colour_and_icon():
    assert words.SEVERITY["critical"].saying("2 critical") == ":red-badge[:material/emergency_home: 2 critical]"


def test_a_command_between_backticks_is_one_and_everything_else_stays_literal():
    said = words.spoken("Restore it with `rollout restore`, or *move* it.")
    assert said == "Restore it with `rollout restore`" + words.plain(", or *move* it.")
    assert words.spoken("one ` alone") == words.plain("one ` alone")
    assert MarkdownIt().render(words.spoken("`a` <b> **c**")) == "<p><code>a</code> &lt;b&gt; **c**</p>\n"


def test_a_number_and_its_percent_sign_stay_on_one_line():
    shown = words.plain("Error rate above 5 % or so, % alone").replace("\\", "")
    assert shown == "Error rate above 5\N{NO-BREAK SPACE}% or so, % alone"
