"""What the panels of a Grafana dashboard are made of: one function for each type that is used."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# The oldest Grafana that the dashboard is for: .ci/monitoring reads it with its models.
GRAFANA = "10.4"

GREEN, YELLOW, ORANGE, RED = "green", "yellow", "orange", "red"
BLUE, LIGHT_BLUE, LIGHT_GREEN = "blue", "light-blue", "light-green"
PURPLE, GREY = "purple", "#8e8e8e"


def one_line(expr):
    """An expression that was written on several lines."""
    return " ".join(expr.split()).replace("( ", "(")


def query(expr, legend="", *, instant=False, table=False):
    """A query; panels number theirs A, B, C."""
    return {
        "datasource": DATASOURCE,
        "editorMode": "code",
        "exemplar": False,
        "expr": one_line(expr),
        "format": "table" if table else "time_series",
        "instant": instant or table,
        "legendFormat": legend or "__auto",
        "range": not (instant or table),
    }


def thresholds(*steps):
    """Colours from the lowest up: GREEN, (1, RED) is red from 1 on."""
    first, *others = steps
    above = [{"color": color, "value": value} for value, color in others]
    return {"mode": "absolute", "steps": [{"color": first, "value": None}, *above]}


def values(**states):
    """Texts and colours of single values: values(_0=("no", RED))."""
    options = {
        key.removeprefix("_"): {"color": color, "index": index, "text": text}
        for index, (key, (text, color)) in enumerate(states.items())
    }
    return {"options": options, "type": "value"}


def between(low, high, text, color):
    """The text and colour of all values between two, both included."""
    result = {"color": color, "index": 0, "text": text}
    return {"options": {"from": low, "result": result, "to": high}, "type": "range"}


def override(name, **properties):
    """What is different for the field, or series, of this name."""
    listed = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": listed}


def hidden(name):
    """A column that is there for the links of others."""
    return override(name, custom__hidden=True)


def link(title, url, *, blank=True):
    """Where something leads to: a new tab, or the same."""
    return {"targetBlank": blank, "title": title, "url": url}


def fixed(name, color):
    """A series that always has the same colour."""
    return override(name, color={"fixedColor": color, "mode": "fixed"})


def _panel(kind, number, title, description, queries, defaults, options, overrides=(), **more):
    for index, target in enumerate(queries):
        target["refId"] = chr(ord("A") + index)
    return {
        "datasource": DATASOURCE,
        "description": " ".join(description.split()),
        "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
        "id": number,
        "options": options,
        "pluginVersion": f"{GRAFANA}.0",
        "targets": queries,
        "title": title,
        "type": kind,
        **more,
    }


def _legend(calcs=(), placement="bottom"):
    return {
        "calcs": list(calcs),
        "displayMode": "table" if calcs else "list",
        "placement": placement,
        "showLegend": True,
    }


def _reduced():
    return {"calcs": ["lastNotNull"], "fields": "", "values": False}


def timeseries(
    number,
    title,
    description,
    *queries,
    unit="short",
    bars=False,
    stacked=False,
    decimals=None,
    limit=None,
    calcs=("max",),
    overrides=(),
    links=(),
    none="none",
):
    """Lines, or bars; `limit` is drawn as a dashed line."""
    defaults = {
        "color": {"mode": "palette-classic"},
        "custom": {
            "axisSoftMin": 0,
            "drawStyle": "bars" if bars else "line",
            "fillOpacity": 70 if bars else 10,
            "lineWidth": 0 if bars else 1,
            "showPoints": "never",
            "stacking": {"group": "A", "mode": "normal" if stacked else "none"},
            "thresholdsStyle": {"mode": "off" if limit is None else "dashed"},
        },
        "links": list(links),
        "noValue": none,
        "thresholds": thresholds(GREEN) if limit is None else thresholds(GREEN, (limit, ORANGE)),
        "unit": unit,
    }
    if decimals is not None:
        defaults["decimals"] = decimals
    options = {
        "legend": _legend(calcs),
        "tooltip": {"hideZeros": True, "mode": "multi", "sort": "desc"},
    }
    return _panel("timeseries", number, title, description, queries, defaults, options, overrides)


def changed_rules(*arguments, **more):
    """Stacked bars of rules that changed in a second."""
    return timeseries(*arguments, unit="suffix: rules/s", bars=True, stacked=True, **more)


def stat(number, title, description, *queries, unit="short", steps=None, overrides=(), none="0", links=()):
    """One large number for each series."""
    defaults = {
        "color": {"mode": "thresholds"},
        "decimals": 0,
        "links": list(links),
        "noValue": none,
        "thresholds": steps or thresholds(BLUE),
        "unit": unit,
    }
    options = {
        "colorMode": "value",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": _reduced(),
        "textMode": "auto",
        "wideLayout": True,
    }
    return _panel("stat", number, title, description, queries, defaults, options, overrides)


def bargauge(
    number,
    title,
    description,
    *queries,
    unit="short",
    steps=None,
    overrides=(),
    mappings=(),
    most=None,
    links=(),
):
    """One horizontal bar for each series; `most` is a full one, if it is not the longest."""
    defaults = {
        "color": {"mode": "thresholds"},
        "decimals": 0,
        "links": list(links),
        "mappings": list(mappings),
        "min": 0,
        "noValue": "none",
        "thresholds": steps or thresholds(BLUE),
        "unit": unit,
    }
    if most is not None:
        defaults["max"] = most
    options = {
        "displayMode": "basic",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "left",
        "orientation": "horizontal",
        "reduceOptions": _reduced(),
        "showUnfilled": True,
        "sizing": "auto",
        "valueMode": "text",
    }
    return _panel("bargauge", number, title, description, queries, defaults, options, overrides)


def state_timeline(number, title, description, *queries, mappings, steps, links=()):
    """One line for each series, in the colours of its states."""
    defaults = {
        "color": {"mode": "thresholds"},
        "custom": {"fillOpacity": 80, "lineWidth": 0},
        "links": list(links),
        "mappings": mappings,
        "noValue": "none",
        "thresholds": steps,
        "unit": "short",
    }
    options = {
        "alignValue": "left",
        "legend": _legend(),
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "never",
        "tooltip": {"hideZeros": False, "mode": "single", "sort": "none"},
    }
    return _panel("state-timeline", number, title, description, queries, defaults, options)


def table(number, title, description, *queries, labels, names, overrides=(), sort=None, none=""):
    """A line for each set of labels; a column for each label (`labels`: what it is called, by label)
    and for each query (`names`)."""
    defaults = {
        "color": {"mode": "thresholds"},
        "custom": {
            "align": "auto",
            "cellOptions": {"type": "auto"},
            "filterable": True,
            "inspect": False,
        },
        "noValue": none,
        "thresholds": thresholds(GREEN),
        "unit": "short",
    }
    options = {
        "cellHeight": "sm",
        "footer": {"countRows": False, "fields": "", "reducer": ["sum"], "show": False},
        "showHeader": True,
        "sortBy": [{"desc": True, "displayName": sort}] if sort else [],
    }
    return _panel(
        "table",
        number,
        title,
        description,
        queries,
        defaults,
        options,
        overrides,
        transformations=_merged(queries, labels, names),
    )


def _merged(queries, labels, names):
    """Brings the tables of several queries together by their labels, and names and sorts the columns."""
    single = len(queries) == 1
    columns = ["Value" if single else f"Value #{chr(ord('A') + i)}" for i in range(len(queries))]
    order = {name: index for index, name in enumerate([*labels, *columns])}
    # A query without a name brings nothing but its labels.
    hidden = {column: True for column, name in zip(columns, names) if name is None}
    renamed = {column: name for column, name in zip(columns, names) if name is not None}
    organize = {
        "excludeByName": {"Time": True, **hidden},
        "indexByName": order,
        "renameByName": {**labels, **renamed},
    }
    return [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": organize},
    ]


def colored(steps):
    """Properties of a table's column whose cells have colours."""
    return {
        "custom__cellOptions": {"mode": "basic", "type": "color-background"},
        "thresholds": steps,
    }


def row(number, title):
    """A heading, which folds what is below it."""
    return {"collapsed": False, "id": number, "panels": [], "title": title, "type": "row"}


def placed(*lines):
    """Puts panels into lines: each line is a height and (panel, width) pairs, 24 wide in all."""
    panels, y = [], 0
    for height, *line in lines:
        x = 0
        for panel, width in line:
            panels.append({**panel, "gridPos": {"h": height, "w": width, "x": x, "y": y}})
            x += width
        y += height
    return panels


def folded(panels, open_rows):
    """Folds all rows but the first ones: Grafana asks nothing for what is in a folded row."""
    kept = []
    for panel in panels:
        if panel["type"] == "row" and sum(one["type"] == "row" for one in kept) >= open_rows:
            panel = {**panel, "collapsed": True, "panels": []}
        if panel["type"] != "row" and kept and kept[-1].get("collapsed"):
            kept[-1]["panels"].append(panel)
        else:
            kept.append(panel)
    return kept
