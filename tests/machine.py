"""What the machine may have beside Python: a browser, and poppler's tools. They are looked for here alone.

A test asks for the fixture `launch_browser`, `chromium` or `poppler`; where the thing is missing it is skipped with the
reason, and the run ends with the one command that brings it. With `--need-all` it fails instead.
"""

from __future__ import annotations

import asyncio
import platform
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.async_api import Browser, async_playwright

LaunchBrowser = Callable[..., Awaitable[Browser]]
Poppler = Callable[..., Awaitable[str]]

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MAC_BROWSERS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_TOOLS = ("pdffonts", "pdfimages", "pdfinfo", "pdftotext")


@dataclass(frozen=True)
class Need:
    """What some tests cannot do without, and what installs it by system: see `system`."""

    name: str
    packages: dict[str, str]


CHROMIUM = Need("Chromium", {"debian": "chromium", "ubuntu": "chromium-browser", "darwin": "google-chrome"})
POPPLER = Need("poppler", {"debian": "poppler-utils", "ubuntu": "poppler-utils", "darwin": "poppler"})
NEEDS = {need.name: need for need in (CHROMIUM, POPPLER)}


def system() -> str:
    """`darwin`, `ubuntu`, `debian` (and what is like it), or another name."""
    if sys.platform != "linux":
        return sys.platform
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return "linux"
    names = [release["ID"], *release.get("ID_LIKE", "").split()]
    return next((name for name in names if name in ("ubuntu", "debian")), "linux")


def how_to_bring(needs: Sequence[Need], on: str) -> str:
    """The one command that installs them, or a sentence where we know none."""
    packages = [need.packages[on] for need in needs if on in need.packages]
    if not packages:
        return f"install {' and '.join(need.name for need in needs)}"
    return ("brew install " if on == "darwin" else "sudo apt install ") + " ".join(packages)


def closing_line(skipped: dict[str, int], on: str) -> str:
    """What a run that skipped so many tests for want of each need ends with."""
    needs = [NEEDS[name] for name in sorted(skipped)]
    tests = sum(skipped.values())
    what = "1 test was" if tests == 1 else f"{tests} tests were"
    return f"{what} skipped for want of {' and '.join(sorted(skipped))}. To run them too: {how_to_bring(needs, on)}"


def _browser() -> str | None:
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None and sys.platform == "darwin":
        return next((path for path in _MAC_BROWSERS if Path(path).exists()), None)
    return found


def _without(request: pytest.FixtureRequest, need: Need) -> NoReturn:
    """Skip the test, or fail it with `--need-all`."""
    request.node.user_properties.append(("needs", need.name))
    reason = f"needs {need.name}: {how_to_bring([need], system())}"
    if request.config.getoption("--need-all"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture
def chromium(request: pytest.FixtureRequest) -> str:
    """Its path."""
    if (path := _browser()) is None:
        _without(request, CHROMIUM)
    return path


@asynccontextmanager
async def browsers(path: str) -> AsyncIterator[LaunchBrowser]:
    """Starts Chromium with further arguments of its command line; it is closed in the end."""
    async with AsyncExitStack() as stack:
        playwright = await stack.enter_async_context(async_playwright())

        async def launch(*arguments: str) -> Browser:
            usual = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
            browser = await playwright.chromium.launch(executable_path=path, args=[*usual, *arguments])
            stack.push_async_callback(browser.close)
            return browser

        yield launch


@pytest.fixture
async def launch_browser(chromium: str) -> AsyncIterator[LaunchBrowser]:
    """A browser of the test's own."""
    async with browsers(chromium) as launch:
        yield launch


@pytest.fixture
def poppler(request: pytest.FixtureRequest) -> Poppler:
    """Runs one of poppler's tools with its arguments; what it prints."""
    if not all(map(shutil.which, _TOOLS)):
        _without(request, POPPLER)

    async def run(tool: str, *arguments: str | Path) -> str:
        process = await asyncio.create_subprocess_exec(tool, *arguments, stdout=asyncio.subprocess.PIPE)
        printed, _errors = await process.communicate()
        assert process.returncode == 0
        return printed.decode()

    return run


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--need-all", action="store_true", help="fail, not skip, where a browser or poppler is missing")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    yield  # the other summaries come before
    skipped: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        for key, name in report.user_properties:
            if key == "needs":
                skipped[name] = skipped.get(name, 0) + 1
    if skipped:
        terminalreporter.write_line(closing_line(skipped, system()), yellow=True, bold=True)
