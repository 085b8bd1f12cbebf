"""Every claim in every world, in full: `python -m tests.truth`; the table goes into docs/metrics.md."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.truth.claims import Cell, cells, table

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
BEGIN, END = "<!-- truth -->\n", "<!-- /truth -->"


def measure(number: int) -> float:
    """Of the cell with that number, in full: cells themselves don't pass between processes."""
    cell = list(cells())[number]
    return cell.measured(cell.cases)


def main() -> int:
    found: list[tuple[Cell, float, int]] = []
    with ProcessPoolExecutor() as pool:
        for cell, share in zip(cells(), pool.map(measure, range(len(list(cells())))), strict=True):
            found.append((cell, share, cell.cases))
            print(f"{'' if cell.holds(share) else 'FAILS '}{cell.claim}: {cell.world}: {share:.2%}", flush=True)
    before, rest = DOCS.read_text().split(BEGIN)
    DOCS.write_text(before + BEGIN + table(found) + "\n" + END + rest.split(END)[1])
    return sum(not cell.holds(share) for cell, share, _cases in found)


if __name__ == "__main__":
    sys.exit(min(1, main()))
