"""Numbers as Grafana writes them, and the marks of an axis."""

import math


def _digits(value, decimals):
    if decimals is None:
        size = abs(value)
        decimals = 0 if size >= 100 or value == int(value) else 1 if size >= 10 else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(value, decimals, base, names):
    size, index = value, 0
    while abs(size) >= base and index < len(names) - 1:
        size, index = size / base, index + 1
    return f"{_digits(size, decimals)}{names[index]}"


def _duration(value, decimals):
    size = abs(value)
    for limit, factor, name in ((1e-3, 1e6, " µs"), (1, 1e3, " ms"), (60, 1, " s"), (3600, 1 / 60, " min")):
        if size < limit:
            return _digits(value * factor, decimals) + name
    return _digits(value / 3600, decimals) + " h"


def formatted(value, unit="short", decimals=None):
    if value == 0 and unit in ("s", "bytes"):
        return "0" + {"s": " s", "bytes": " B"}[unit]
    if unit == "s":
        return _duration(value, decimals)
    if unit == "bytes":
        return _scaled(value, decimals, 1024, [" B", " KiB", " MiB", " GiB"])
    if unit == "percentunit":
        return _digits(value * 100, decimals) + "%"
    plain = _scaled(value, decimals, 1000, ["", " K", " Mil", " Bil"])
    if unit == "cps":
        return plain + " c/s"
    return plain + unit.removeprefix("suffix:") if unit.startswith("suffix:") else plain


def marks(low, high, count):
    """Round values from at most `low` to at least `high`, about `count` of them."""
    span = (high - low) or 1
    raw = span / max(count, 1)
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(magnitude * factor for factor in (1, 2, 2.5, 5, 10) if magnitude * factor >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [index * step for index in range(first, last + 1)]
