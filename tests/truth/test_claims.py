"""Few cases of each claim, seeded; `make truth` has them in full."""

from __future__ import annotations

import math

import pytest

from tests.truth.claims import Cell, cells

CASES = {
    "movers, nothing": 2,
    "movers": 6,
    "a best time": 8,
    "a share": 10,
    "any finding": 8,
    "the highest of five": 20,
}


@pytest.mark.parametrize("claim", dict.fromkeys(cell.claim for cell in cells()))
def test_a_claim_is_false_no_more_often_than_it_says(claim: str) -> None:
    """All worlds of a claim together, each with few cases: in sum within the bound and what chance adds to it."""
    few = next((n for name, n in CASES.items() if claim.startswith(name)), 60)
    worlds: list[Cell] = [cell for cell in cells() if cell.claim == claim]
    shares = [cell.measured(few, seed) for seed, cell in enumerate(worlds)]
    share, cases, bound = sum(shares) / len(shares), few * len(worlds), worlds[0].bound
    allowed = 2.5 * math.sqrt(bound * (1 - bound) / cases)
    assert share >= bound - allowed if worlds[0].least else share <= bound + allowed, shares
