"""Every kind of chart looks as it did when someone last looked; see tests/golden.py."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PIL import Image

from bot.charts import Counts, Theme, draw
from tests import golden, samples

CHARTS = golden.charts()
CASES = list(golden.cases())


@pytest.mark.parametrize(("name", "theme"), CASES)
def test_a_chart_looks_as_it_did(name: str, theme: Theme) -> None:
    drawn = golden.small(draw(CHARTS[name], theme))
    kept = Image.open(golden.path(name, theme)).convert("RGB")
    assert golden.difference(drawn, kept) < golden.TOLERANCE


def test_no_golden_picture_is_left_over_and_all_are_small() -> None:
    there = sorted(golden.FOLDER.iterdir())
    assert there == sorted(golden.path(*case) for case in CASES)
    assert sum(path.stat().st_size for path in there) < 600_000


def test_a_wrong_picture_is_noticed() -> None:
    usual = samples.series()
    (panel,) = usual.panels
    assert isinstance(panel, Counts)
    wrong = {
        "a bar": replace(usual, panels=(replace(panel, values=(*panel.values[:4], 9, *panel.values[5:])),)),
        "the total": replace(usual, panels=(replace(panel, total=1_211),)),
        "the title": replace(usual, title="Winter lookbook"),
        "today": replace(usual, unfinished=False),
        "the previous period": replace(usual, panels=(replace(panel, previous=None),)),
    }
    kept = Image.open(golden.path("series", Theme.DARK)).convert("RGB")
    for what, chart in wrong.items():
        assert golden.difference(golden.small(draw(chart)), kept) > golden.TOLERANCE, what
    assert golden.difference(golden.small(draw(usual, Theme.LIGHT)), kept) > golden.TOLERANCE
    assert golden.difference(golden.small(draw(samples.sparkline())), kept) == float("inf")
