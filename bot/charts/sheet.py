"""The drawing of a sheet: one page with headline numbers, tables and small print, as a picture or for a printer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.charts.canvas import Canvas, Surface
from bot.charts.page import Page
from bot.charts.theme import Colour, Theme, contrast, readable
from bot.charts.values import Grid, Paper, Sheet, Tile
from bot.charts.words import initials

PAPERS = {Paper.A4: (827, 1169), Paper.LETTER: (850, 1100)}
"""Width and height in hundredths of an inch, which are logical pixels."""
WIDTH = 827
ROOM = 727
"""Width of everything: half an inch clear of the edges, on either paper."""
TOP, BOTTOM = 42, 1058
"""Between them everything lies, so that either paper can be printed on the other's printer without loss."""
_SCALES = (1.0, 0.94, 0.88, 0.82, 0.76)
"""How close rows may move together where there are many."""
_GAP = 22
_BLOCKS = 3
_TILE_LINES, _TILE_SIZES = 4, (7.5, 7.0, 6.5, 6.0)
"""Lines below a headline number, in the largest size that is small enough for them; more make the tiles higher."""
_TILE_STEP = 11.2
_LEAST, _NAMES = 6.5, 0.3
"""Points that the text of a table shrinks to, so that this share of its width is left for long names."""


def draw(chart: Sheet, theme: Theme) -> bytes:
    """A PNG of 1654 pixels' width and as high as it needs to be; on paper, a PDF of one page."""
    if chart.paper is None:
        height = round(_Layout(Surface(WIDTH, BOTTOM, theme), chart, 1.0).draw()) + 24
        canvas = Canvas(WIDTH, height, theme)
        _Layout(canvas, chart, 1.0).draw()
        return canvas.png()
    size = PAPERS[chart.paper]
    heights = ((scale, _Layout(Surface(*size, theme), chart, scale).draw()) for scale in _SCALES)
    scale = next((scale for scale, height in heights if height <= BOTTOM), _SCALES[-1])
    with Page(*size, theme, title=f"{chart.title}: {chart.subtitle}", made_at=chart.made_at) as page:
        _Layout(page, chart, scale, bottom=BOTTOM).draw()
        return page.file()


class _Layout:
    """Draws a sheet from the top down; `scale` moves rows closer together, `bottom` is where small print ends."""

    def __init__(self, on: Surface, chart: Sheet, scale: float, bottom: float | None = None) -> None:
        self._on = on
        self._chart = chart
        self._scale = scale
        self._bottom = bottom
        self._left = (on.width - ROOM) / 2
        self._right = self._left + ROOM
        palette = on.palette
        self._accent = readable(chart.accent or palette.marks[Colour.CLICKS], palette)
        self._ink = readable(self._accent, palette, 4.5)

    def draw(self) -> float:
        """Everything; returns where it ends."""
        y = self._header()
        y = self._tiles(y)
        for grid in self._chart.grids:
            y = self._grid(grid, self._left, ROOM, y, 8.5, 17) + _GAP * self._scale
        for n in range(0, len(self._chart.blocks), _BLOCKS):
            wide = (ROOM - (_BLOCKS - 1) * 26) / _BLOCKS
            ends = [
                self._grid(block, self._left + at * (wide + 26), wide, y, 8, 15)
                for at, block in enumerate(self._chart.blocks[n : n + _BLOCKS])
            ]
            y = max(ends) + _GAP * self._scale
        return self._small(y)

    def _header(self) -> float:
        on, chart = self._on, self._chart
        muted = on.palette.muted
        on.boxes([(0, 0, on.width, 8)], self._accent)
        radius, y = 29, TOP + 29
        if chart.avatar:
            on.picture(self._left + radius, y, radius, chart.avatar)
        else:
            self._initials(self._left + radius, y, radius)
        x = self._left + 2 * radius + 18
        room = self._right - x
        on.text(x, y - 7, chart.title, size=_fitting(on, chart.title, room, 20, 11), bold=True, room=room)
        on.text(x, y + 13, chart.subtitle, size=11, bold=True, colour=self._ink, room=room)
        lines = [chart.lines[0]]
        for part in chart.lines[1:]:
            if on.measure(f"{lines[-1]} · {part}", size=9) <= room:
                lines[-1] += f" · {part}"
            else:
                lines.append(part)
        for line in lines:
            on.text(x, y + 31, line, size=9, colour=muted, room=room)
            y += 15
        y += 37
        for line in wrapped(on, chart.note, ROOM, 9.5):
            on.text(self._left, y, line, size=9.5)
            y += 17 * self._scale
        return y + (4 if chart.note else -8)

    def _initials(self, x: float, y: float, radius: float) -> None:
        self._on.dots([(x, y)], radius, fill=self._accent)
        light, dark = "#ffffff", "#14161a"
        ink = light if contrast(light, self._accent) >= contrast(dark, self._accent) else dark
        self._on.text(x, y + 8, initials(self._chart.title), size=16, bold=True, colour=ink, align="center")

    def _tiles(self, y: float) -> float:
        tiles = self._chart.tiles
        gap = 10
        wide = (ROOM - (len(tiles) - 1) * gap) / len(tiles)
        texts = [self._text_of(tile, wide - 20) for tile in tiles]
        most = max((len(lines) for _size, lines in texts), default=0)
        high = 96 + _TILE_STEP * max(0, most - _TILE_LINES)
        for n, (tile, text) in enumerate(zip(tiles, texts, strict=True)):
            left = self._left + n * (wide + gap)
            self._on.rounded(left, y, left + wide, y + high, 8, fill=self._on.palette.raised)
            self._tile(tile, *text, left + 11, y, wide - 20)
        return y + high + (_GAP + 4) * self._scale

    def _text_of(self, tile: Tile, room: float) -> tuple[float, list[str]]:
        """The size and the lines of what stands below a headline number."""
        fits = [
            (size, [part for line in tile.lines for part in wrapped(self._on, line, room, size)])
            for size in _TILE_SIZES
        ]
        return next((fit for fit in fits if len(fit[1]) <= _TILE_LINES), fits[-1])

    def _tile(self, tile: Tile, size: float, lines: Sequence[str], x: float, y: float, room: float) -> None:
        on = self._on
        on.text(x, y + 20, tile.label, size=8, bold=True, colour=on.palette.muted, room=room)
        value = _fitting(on, tile.value, room, 18, 7)
        on.text(x, y + 45, tile.value, size=value, bold=True, colour=self._ink, room=room)
        for n, line in enumerate(lines):
            on.text(x, y + 59 + _TILE_STEP * n, line, size=size, colour=on.palette.muted, room=room)

    def _grid(self, grid: Grid, left: float, wide: float, y: float, size: float, step: float) -> float:
        """A table from y on; returns where it ends."""
        on, palette, step = self._on, self._on.palette, step * self._scale
        on.text(left, y, grid.heading, size=9.5, bold=True, room=wide)
        y += 5
        names = max((on.measure(row[0], size=size) for row in grid.rows), default=0)
        widths = self._widths(grid, wide, size)
        while size > _LEAST and widths[0] - 8 < min(names, wide * _NAMES):
            size -= 0.5
            widths = self._widths(grid, wide, size)
        if any(grid.columns):
            y += step * 0.82
            for x, column in zip(_ends(left, widths), grid.columns[1:], strict=False):
                on.text(x, y, column, size=size - 1, colour=palette.muted, align="right", room=wide)
            y += 4
        on.lines([(left, y, left + wide, y)], palette.grid, width=1, crisp=True)
        for row in grid.rows:
            y += step
            on.text(left, y - step * 0.3, row[0], size=size, room=widths[0] - 8)
            for x, cell in zip(_ends(left, widths), row[1:], strict=True):
                on.text(x, y - step * 0.3, cell, size=size, align="right", bold=len(row) == 2)
            on.lines([(left, y, left + wide, y)], palette.grid, width=0.5, crisp=True)
        for line in wrapped(on, grid.note, wide, 7.5):
            y += 12
            on.text(left, y, line, size=7.5, colour=palette.muted)
        return y

    def _widths(self, grid: Grid, wide: float, size: float) -> list[float]:
        """Each column's width: those of numbers as wide as their widest, the first what is left."""
        others = [
            max(
                self._on.measure(grid.columns[n], size=size - 1) if grid.columns[n] else 0,
                *(self._on.measure(row[n], size=size, bold=len(row) == 2) for row in grid.rows),
                0,
            )
            + (16 if wide > ROOM / 2 else 11)
            for n in range(1, len(grid.columns))
        ]
        return [wide - sum(others), *others]

    def _small(self, y: float) -> float:
        size, step = 6.3, 10.2
        muted = self._on.palette.muted
        lines = [line for text in self._chart.small for line in wrapped(self._on, text, ROOM, size)]
        if self._bottom is not None:
            y = max(y, self._bottom - step * len(lines))
        for line in lines:
            self._on.text(self._left, y, line, size=size, colour=muted)
            y += step
        return y


def _fitting(on: Surface, text: str, room: float, most: float, least: float) -> float:
    """The size in points, from `most` down to `least`, at which a bold text is no wider than `room`."""
    size = most
    while size > least and on.measure(text, size=size, bold=True) > room:
        size -= 0.5
    return size


def _ends(left: float, widths: Sequence[float]) -> Iterator[float]:
    """Where the columns behind the first end."""
    x = left + widths[0]
    for width in widths[1:]:
        x += width
        yield x


def wrapped(on: Surface, text: str, room: float, size: float) -> list[str]:
    """The text in lines that are no wider than `room`; a word that is wider has a line of its own."""
    lines: list[str] = []
    for word in text.split():
        if lines and on.measure(f"{lines[-1]} {word}", size=size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
