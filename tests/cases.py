"""Small inputs that failed once, each with its right answer: they lie beside the checkout, and their tests skip elsewhere."""

from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "shared" / "cases"

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="no folder shared/cases lies beside this checkout")
