"""Panels over time: lines, bars, and states."""

import time

from picture.answers import series_of, state_of
from picture.numbers import formatted, marks
from picture.svg import FAINT, GRID, TEXT, fitted, width_of

LEGEND_LINE = 15
CALCULATIONS = {
    "lastNotNull": ("Last", lambda values: values[-1]),
    "max": ("Max", max),
    "mean": ("Mean", lambda values: sum(values) / len(values)),
    "min": ("Min", min),
}


class Frame:
    """Where a chart's area is, and the scale of its time."""

    def __init__(self, span, left, top, width, height):
        self.start, self.end, self.step = span
        self.left, self.top, self.width, self.height = left, top, width, height

    def x(self, moment):
        return self.left + self.width * (moment - self.start) / max(self.end - self.start, 1)

    def times(self, drawing):
        """The axis of time, and its lines."""
        seconds = self.end - self.start
        every = next(
            size for size in (10, 15, 20, 30, 60, 120, 300, 900) if seconds / size <= self.width / 70
        )
        bottom = self.top + self.height
        for moment in range(-(-self.start // every) * every, self.end + 1, every):
            drawing.line([(self.x(moment), self.top), (self.x(moment), bottom)], GRID)
            label = time.strftime("%H:%M:%S", time.gmtime(moment))
            drawing.text(self.x(moment), bottom + 13, label, 10, FAINT, "middle")


def timeseries(drawing, panel, answers, span, box):
    left, top, width, height = box
    config = panel["fieldConfig"]["defaults"]
    custom = config["custom"]
    series = series_of(panel, answers)
    shown = _legend(drawing, panel, series, box)
    stacked = custom["stacking"]["mode"] == "normal"
    bars = custom["drawStyle"] == "bars"
    layers = (
        _stacked(series) if stacked else [(one, {t: (0, v) for t, v in one.points.items()}) for one in series]
    )
    ends = [end for _, layer in layers for pair in layer.values() for end in pair] or [0]
    # Round numbers of MiB, where it is bytes.
    factor = 2**20 if config["unit"] == "bytes" else 1
    ticks = marks(min(0, *ends) / factor, (max(ends) or 1) / factor, (height - shown) / 32)
    ticks = [tick * factor for tick in ticks]
    labels = [formatted(tick, config["unit"]) for tick in ticks]
    gutter = max(width_of(label, 10) for label in labels) + 8
    frame = Frame(span, left + gutter, top + 6, width - gutter - 4, height - shown - 26)

    def y(value):
        return frame.top + frame.height * (ticks[-1] - value) / (ticks[-1] - ticks[0])

    frame.times(drawing)
    for tick, label in zip(ticks, labels):
        drawing.line([(frame.left, y(tick)), (frame.left + frame.width, y(tick))], GRID)
        drawing.text(frame.left - 6, y(tick) + 3.5, label, 10, FAINT, "end")
    for one, layer in layers:
        if bars:
            _bars(drawing, frame, y, one, layer)
        else:
            _line(drawing, frame, y, one, layer, stacked, custom["fillOpacity"] / 100)


def _stacked(series):
    """Each series with, for each time, where its part begins and ends."""
    reached = {}
    layers = []
    for one in series:
        layer = {}
        for moment, value in one.points.items():
            key = (moment, one.negative)
            begin = reached.get(key, 0)
            reached[key] = begin - value if one.negative else begin + value
            layer[moment] = (begin, reached[key])
        layers.append((one, layer))
    return layers


def _bars(drawing, frame, y, one, layer):
    thick = max(frame.width * frame.step / max(frame.end - frame.start, 1) * 0.8, 1)
    for moment, (begin, end) in layer.items():
        if begin != end:
            high, low = y(max(begin, end)), y(min(begin, end))
            drawing.rectangle(frame.x(moment) - thick / 2, high, thick, low - high, one.color, opacity=0.8)


def _line(drawing, frame, y, one, layer, stacked, opacity):
    """A line, with a gap where there are no points."""
    pieces, previous = [], None
    for moment in sorted(layer):
        if previous is None or moment - previous > 1.5 * frame.step:
            pieces.append([])
        pieces[-1].append(moment)
        previous = moment
    for piece in pieces:
        above = [(frame.x(moment), y(layer[moment][1])) for moment in piece]
        if stacked:
            below = [(frame.x(moment), y(layer[moment][0])) for moment in reversed(piece)]
            drawing.area(above + below, one.color, 0.25)
        drawing.line(above, one.color, 1.4)


def _legend(drawing, panel, series, box):
    """The legend at the bottom: names and calculations. Returns its height."""
    left, top, width, height = box
    calcs = panel["options"]["legend"]["calcs"]
    config = panel["fieldConfig"]["defaults"]
    room = max(int(height * 0.42 / LEGEND_LINE) - 1, 1)
    two = len(series) > room and width > 560
    columns = 2 if two else 1
    shown = series[: room * columns]
    lines = -(-len(shown) // columns)
    begin = top + height - (lines + 1) * LEGEND_LINE + 4
    each = width / columns
    texts = [_calculated(one, calcs, config) for one in shown]
    wide = max([width_of(text, 10) for line in texts for text in line] or [0]) + 16
    for column in range(columns):
        right = left + (column + 1) * each - 8
        for index, calc in enumerate(reversed(calcs)):
            drawing.text(right - index * wide, begin + 8, CALCULATIONS[calc][0], 10, FAINT, "end", bold=True)
    for index, one in enumerate(shown):
        x = left + (index // lines) * each
        line = begin + (index % lines + 1) * LEGEND_LINE
        drawing.rectangle(x, line + 1, 12, 4, one.color, radius=2)
        drawing.text(x + 18, line + 7, fitted(one.name, 11, each - 28 - wide * len(calcs)), 11)
        for place, text in enumerate(reversed(texts[index])):
            drawing.text(x + each - 8 - place * wide, line + 7, text, 10, TEXT, "end")
    if len(series) > len(shown):
        drawing.text(left, begin + 8, f"not listed: {len(series) - len(shown)} more", 10, FAINT)
    return (lines + 1) * LEGEND_LINE


def _calculated(one, calcs, config):
    values = [one.points[moment] for moment in sorted(one.points)]
    results = [CALCULATIONS[calc][1](values) for calc in calcs]
    return [formatted(result, config["unit"], config.get("decimals")) for result in results]


def state_timeline(drawing, panel, answers, span, box):
    left, top, width, height = box
    config = panel["fieldConfig"]["defaults"]
    series = series_of(panel, answers)
    gutter = min(max([width_of(one.name, 11) for one in series] or [0]) + 10, width * 0.4)
    frame = Frame(span, left + gutter, top + 4, width - gutter - 4, height - 44)
    frame.times(drawing)
    each = min(frame.height / max(len(series), 1), 60)
    states = {}
    for index, one in enumerate(series):
        y = frame.top + index * each + each * 0.1
        drawing.text(left, y + each * 0.4 + 4, fitted(one.name, 11, gutter - 8), 11)
        for begin, end, value in _stretches(one.points, frame.step):
            text, fill = state_of(config, value)
            text = text or f"{value:g}"
            states.setdefault(text, fill)
            stop = min(end, frame.end)
            drawing.rectangle(frame.x(begin), y, max(frame.x(stop) - frame.x(begin), 0.8), each * 0.8, fill)
    x = left
    for text, fill in states.items():
        drawing.rectangle(x, top + height - 12, 12, 4, fill, radius=2)
        drawing.text(x + 18, top + height - 6, text, 11)
        x += width_of(text, 11) + 40


def _stretches(points, step):
    """From when to when a series has the same value."""
    stretches = []
    for moment in sorted(points):
        value = points[moment]
        if stretches and stretches[-1][2] == value and moment - stretches[-1][1] < 0.5 * step:
            stretches[-1][1] = moment + step
        else:
            stretches.append([moment, moment + step, value])
    return stretches
