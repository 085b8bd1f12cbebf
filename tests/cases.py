"""Where the handed cases lie: small inputs, each with its right answer; their tests skip where the folder is absent."""

from pathlib import Path

import pytest

CASES = Path(__file__).parents[2] / "shared" / "cases"

needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="no folder shared/cases lies beside this checkout")
