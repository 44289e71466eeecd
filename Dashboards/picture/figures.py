"""Panels of one moment: large numbers, bars, tables."""

from picture.answers import rows_of, series_of, state_of, threshold_color
from picture.numbers import formatted
from picture.svg import BORDER, FAINT, GRID, TEXT, fitted, width_of

LINE = 22


def stat(drawing, panel, answers, _span, box):
    left, top, width, height = box
    config = panel["fieldConfig"]["defaults"]
    series = series_of(panel, answers)
    fixed = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
    each = width / max(len(series), 1)
    for index, one in enumerate(series):
        middle = left + (index + 0.5) * each
        value = formatted(one.last, config["unit"], config["decimals"])
        fill = one.color if one.name in fixed else threshold_color(config, one.last)
        drawing.text(middle, top + height * 0.58, value, 30, fill, "middle", bold=True)
        if len(series) > 1 or one.name:
            drawing.text(middle, top + height * 0.58 + 20, fitted(one.name, 12, each), 12, FAINT, "middle")
    if not series:
        none = config["noValue"]
        fill = threshold_color(config, 0)
        drawing.text(left + width / 2, top + height * 0.6, none, 30, fill, "middle", bold=True)


def bargauge(drawing, panel, answers, _span, box):
    left, top, width, height = box
    config = panel["fieldConfig"]["defaults"]
    series = series_of(panel, answers)
    names = min(max([width_of(one.name, 11) for one in series] or [0]) * 1.15 + 14, width * 0.5)
    room = width - names - 60
    most = config.get("max") or max([one.last for one in series] or [1]) or 1
    each = min(height / max(len(series), 1), 34)
    fixed = {override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]}
    if not series:
        drawing.text(left + width / 2, top + height / 2, config["noValue"], 14, FAINT, "middle")
    for index, one in enumerate(series):
        y = top + index * each
        text, fill = state_of(config, one.last)
        if text is None:
            text = formatted(one.last, config["unit"], config["decimals"])
        if one.name in fixed:
            fill = one.color
        drawing.text(left, y + each / 2 + 4, fitted(one.name, 11, names - 8), 11)
        drawing.rectangle(left + names, y + 3, room, each - 6, GRID)
        drawing.rectangle(left + names, y + 3, room * min(one.last / most, 1), each - 6, fill)
        drawing.text(left + width, y + each / 2 + 4, text, 12, fill, "end", bold=True)


def table(drawing, panel, answers, _span, box):
    left, top, width, height = box
    names, rows = rows_of(panel, answers)
    configs = {name: {"mappings": [], **panel["fieldConfig"]["defaults"]} for name in names}
    colored = set()
    hidden = set()
    for override in panel["fieldConfig"]["overrides"]:
        name = override["matcher"]["options"]
        for item in override["properties"]:
            if name in configs:
                configs[name][item["id"]] = item["value"]
            if item["id"] == "custom.cellOptions":
                colored.add(name)
            if item["id"] == "custom.hidden":
                hidden.add(name)
    names = [name for name in names if name not in hidden]
    shown = rows[: int((height - LINE) / LINE)]
    texts = [{name: _cell(configs[name], row.get(name)) for name in names} for row in shown]
    wanted = {name: max([width_of(text[name], 11) for text in [{name: name}, *texts]]) + 20 for name in names}
    share = width / sum(wanted.values())
    x = left
    for name in names:
        column = wanted[name] * share
        numeric = any(isinstance(row.get(name), float) for row in rows)
        place, anchor = (x + column - 10, "end") if numeric else (x, "start")
        drawing.text(place, top + 13, name, 11, "#3274d9", anchor, bold=True)
        for index, (row, text) in enumerate(zip(shown, texts)):
            y = top + (index + 1) * LINE
            value = row.get(name)
            fill = state_of(configs[name], value)[1] if name in colored and value is not None else "none"
            drawing.rectangle(x + 4, y - 2, column - 8, LINE - 3, fill, opacity=0.85)
            ink = TEXT if fill == "none" else "#ffffff"
            drawing.text(place, y + 12, text[name], 11, ink, anchor)
        x += column
    for index in range(len(shown)):
        y = top + (index + 1) * LINE - 4
        drawing.line([(left, y), (left + width, y)], BORDER, 0.6)
    if len(rows) > len(shown):
        drawing.text(left, top + height, f"not listed: {len(rows) - len(shown)} more", 10, FAINT)


def _cell(config, value):
    if isinstance(value, float):
        text, _ = state_of(config, value)
        return text or formatted(value, config["unit"], config.get("decimals"))
    return value or ""
