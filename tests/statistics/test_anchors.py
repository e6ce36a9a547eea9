"""The rules we compare with are the real ones: gbstats 0.8.0 gave the numbers in gbstats_half_widths.json."""

import json
from pathlib import Path

import pytest

from tests.statistics.anchors import half_width_one_sided, half_width_two_sided

CASES = json.loads(Path(__file__).with_name("gbstats_half_widths.json").read_text())


@pytest.mark.parametrize("case", CASES)
def test_the_two_sided_half_width_is_the_one_of_gbstats(case):
    x_c, n_c, x_t, n_t = case["counts"]
    variance = sum(x / n * (1 - x / n) / n for x, n in ((x_c, n_c), (x_t, n_t)))
    assert half_width_two_sided(variance, n_c + n_t) == pytest.approx(case["half_width"], abs=1e-9)


def test_one_side_is_narrower_than_two():
    assert half_width_one_sided(1e-6, 10_000) < half_width_two_sided(1e-6, 10_000)
