"""What Prometheus answered to a panel's queries, as Grafana would show it: series, rows, states."""

import re

from picture.svg import PALETTE, color


class Series:
    """A series of one query: its name, its colour, and its points by time."""

    def __init__(self, name, labels, points):
        self.name = name
        self.labels = labels
        self.points = points
        self.color = None
        self.negative = False

    @property
    def last(self):
        return self.points[max(self.points)]


def _called(target, labels):
    name = re.sub(r"\{\{(\w+)\}\}", lambda match: labels.get(match[1], ""), target["legendFormat"])
    return " ".join(name.split())


def series_of(panel, answers):
    """All series of a panel, named and coloured."""
    found = []
    for target in panel["targets"]:
        for answer in answers[f"{panel['id']}{target['refId']}"]:
            samples = answer.get("values") or [answer["value"]]
            points = {time: float(value) for time, value in samples}
            found.append(Series(_called(target, answer["metric"]), answer["metric"], points))
    overrides = {
        override["matcher"]["options"]: {item["id"]: item["value"] for item in override["properties"]}
        for override in panel["fieldConfig"]["overrides"]
    }
    for index, one in enumerate(found):
        properties = overrides.get(one.name, {})
        one.color = color(properties.get("color", {}).get("fixedColor", PALETTE[index % len(PALETTE)]))
        one.negative = properties.get("custom.transform") == "negative-Y"
    return found


def threshold_color(config, value):
    chosen = config["thresholds"]["steps"][0]["color"]
    for step in config["thresholds"]["steps"][1:]:
        if value >= step["value"]:
            chosen = step["color"]
    return color(chosen)


def state_of(config, value):
    """The text and colour of a value, as the mappings say it; no text where none does."""
    for mapping in config["mappings"]:
        options = mapping["options"]
        if mapping["type"] == "value":
            result = options.get(f"{value:g}")
        else:
            result = options["result"] if options["from"] <= value <= options["to"] else None
        if result:
            return result["text"], color(result["color"])
    return None, threshold_color(config, value)


def rows_of(panel, answers):
    """A table's columns, and its rows: the queries' answers, merged and named by its transformations."""
    organize = next(item for item in panel["transformations"] if item["id"] == "organize")["options"]
    frames = [_frame(panel, target, answers) for target in panel["targets"]]
    merged = _merged(frames)
    order = organize["indexByName"]
    columns = [name for name in sorted(order, key=order.get) if not organize["excludeByName"].get(name)]
    present = [name for name in columns if any(row.get(name, "") != "" for row in merged)]
    names = [organize["renameByName"].get(name, name) for name in present]
    rows = [dict(zip(names, (row.get(column) for column in present))) for row in merged]
    for key in reversed(panel["options"].get("sortBy", [])):
        rows.sort(key=lambda row: row.get(key["displayName"]) or 0, reverse=key["desc"])
    return names, rows


def _frame(panel, target, answers):
    """One query's table: the same columns in each row."""
    found = answers[f"{panel['id']}{target['refId']}"]
    labels = sorted({label for answer in found for label in answer["metric"]})
    column = "Value" if len(panel["targets"]) == 1 else f"Value #{target['refId']}"
    return [
        {**{label: answer["metric"].get(label, "") for label in labels}, column: float(answer["value"][1])}
        for answer in found
    ]


def _merged(frames):
    """As the transformation `merge` does it: rows that agree in the columns that all tables have become
    one, unless they differ in another column."""
    present = [set(frame[0]) for frame in frames if frame]
    shared = sorted(set.intersection(*present)) if len(present) > 1 else []
    rows = []
    for frame in frames:
        for new in frame:
            for row in rows if shared else []:
                if all(row.get(name, value) == value for name, value in new.items()):
                    row.update(new)
                    break
            else:
                rows.append(dict(new))
    return rows
