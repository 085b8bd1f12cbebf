"""What is installed is pinned with hashes, and covers what pyproject.toml asks for."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
EXTRAS = {"run": [], "country": ["country"], "demo": ["demo"], "test": ["country", "demo", "test"]}
"""The extras of pyproject.toml that a file of requirements/ covers."""


def pins(file: str) -> dict[str, Requirement]:
    """What a file pins, by its normalised name; each line must be of the form `name==version --hash=... --hash=...`."""
    lines = (ROOT / "requirements" / f"{file}.txt").read_text().replace("\\\n", "").splitlines()
    found = {}
    for line in lines:
        if not line.startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", line)
            assert hashes, line
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for each in hashes), line
            pinned = Requirement(requirement)
            assert [each.operator for each in pinned.specifier] == ["=="], line
            found[normalised(pinned.name)] = pinned
    return found


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("file", EXTRAS)
def test_a_file_pins_what_the_project_asks_for(file: str) -> None:
    """`make requirements` was not forgotten: with --no-deps pip itself would not miss it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for extra in EXTRAS[file]:
        asked += project["project"]["optional-dependencies"][extra]
    pinned = pins(file)
    for each in map(Requirement, asked):
        (version,) = pinned[normalised(each.name)].specifier
        assert each.specifier.contains(version.version), f"{each} is not what {file}.txt pins: make requirements"


def test_the_files_agree() -> None:
    everything = pins("test")
    for file in EXTRAS:
        for name, pin in pins(file).items():
            assert everything[name] == pin, file


@pytest.mark.parametrize("file", EXTRAS)
def test_nothing_is_installed_without_its_hash(file: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    command = ["make", "--dry-run", f"VENV={tmp_path}", f"{tmp_path}/.{file}"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    packages, project = [line for line in said.splitlines() if "pip install" in line]
    assert packages.endswith(f"--require-hashes --requirement requirements/{file}.txt")
    assert project.endswith("--no-deps --no-build-isolation --editable .")
