"""Attacks on what processes inherit: no child of the bot has the token or a key in its environment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bot import config as configuration

ROOT = Path(__file__).parent.parent.parent
TOKEN, IMPORT_KEY = "token-4711", "key-4712"

CHILDREN = """
import os
from pathlib import Path
from bot import workers
from bot.cli import app

def environments():
    pool = workers.start()
    pool.submit(int).result()
    me = os.getpid()
    children = Path(f"/proc/{me}/task/{me}/children").read_text().split()
    for child in children:
        print(len(children), Path(f"/proc/{child}/environ").read_bytes())
    workers.end(pool)

def main():
    from bot import cli, cli_transfer
    token = {load}
    environments()
    print("read", token)

if __name__ == "__main__":
    main()
"""


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="only Linux shows environments so")
@pytest.mark.parametrize(
    ("load", "read"),
    [
        ("cli._load(None).token()", TOKEN),
        ("[cli_transfer._key(None), cli_transfer._load(None)][0]", IMPORT_KEY),
    ],
    ids=["token", "key"],
)
def test_no_child_has_a_secret_in_its_environment(tmp_path: Path, load: str, read: str) -> None:
    script = tmp_path / "children.py"
    script.write_text(CHILDREN.replace("{load}", load))
    env = {"EYEBALLS_DISCORD__TOKEN": TOKEN, "EYEBALLS_IMPORT_KEY": IMPORT_KEY, "EYEBALLS_LOG__LEVEL": "error"}
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert re.findall(r"^read (.*)$", done.stdout, re.MULTILINE) == [read]
    assert done.stdout.startswith("2 b'")  # the worker, and multiprocessing's resource tracker
    assert "PYTHONPATH" in done.stdout
    assert "EYEBALLS" not in done.stdout


def test_check_names_the_variables_that_were_read(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check"],
        cwd=tmp_path,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("EYEBALLS_")},
            "PYTHONPATH": str(ROOT),
            "EYEBALLS_WEB__PORT": "0",
            "EYEBALLS_IMPORT_KEY": IMPORT_KEY,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "configuration is valid (with EYEBALLS_IMPORT_KEY, EYEBALLS_WEB__PORT)" in done.stdout
    assert IMPORT_KEY not in done.stdout + done.stderr


def test_what_was_read_is_taken_out_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("eyeballs_discord__token", TOKEN)
    monkeypatch.setenv("OTHER", "stays")
    configuration.clear_environment()
    assert configuration.environment_names() == []
    assert os.environ["OTHER"] == "stays"


def test_the_unit_writes_no_core() -> None:
    """A core dump holds the token, salts and visitors' addresses."""
    guide = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    (unit,) = re.findall(r"```ini\n(\[Unit\].*?)```", guide, re.DOTALL)
    assert "LimitCORE=0" in unit.splitlines()
