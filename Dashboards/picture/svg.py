"""A drawing as SVG: rectangles, lines and text, and what is needed to fit text into a space."""

from html import escape

FONT = "Inter, Helvetica, Arial, 'DejaVu Sans', sans-serif"
TEXT, FAINT, GRID, BORDER = "#24292e", "#6e7681", "#e4e7eb", "#d5d9de"

# Grafana's names, as they look on a light background.
COLORS = {
    "green": "#56a64b",
    "light-green": "#96d98d",
    "yellow": "#e0b400",
    "orange": "#ff780a",
    "red": "#e02f44",
    "blue": "#3274d9",
    "light-blue": "#8ab8ff",
    "purple": "#a352cc",
    "transparent": "none",
}
PALETTE = ["#56a64b", "#e0b400", "#3274d9", "#ff780a", "#e02f44", "#6ed0e0", "#a352cc", "#705da0"]
PALETTE += ["#508642", "#cca300", "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477"]


def color(name):
    return COLORS.get(name, name)


def number(value):
    """A coordinate, as short as it can be written."""
    return f"{value:.1f}".removesuffix(".0")


def width_of(text, size):
    """About how wide a text is."""
    narrow = sum(character in "fijlrtI.,:;|/-()[]{} '" for character in text)
    return size * (0.56 * (len(text) - narrow) + 0.32 * narrow)


def fitted(text, size, width):
    """The text, cut where it is too long."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


class Drawing:
    def __init__(self, width):
        self.width = width
        self.parts = []

    def rectangle(self, x, y, width, height, fill, stroke=None, radius=0, opacity=1):
        if fill == "none" and not stroke:
            return
        more = f' stroke="{stroke}"' if stroke else ""
        more += f' rx="{number(radius)}"' if radius else ""
        more += f' fill-opacity="{opacity}"' if opacity != 1 else ""
        place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        self.parts.append(f'<rect {place} fill="{fill}"{more}/>')

    def line(self, points, stroke, width=1.0, dashes=None):
        """A line through points, without those that lie between two others of the same height."""
        kept = [
            point
            for index, point in enumerate(points)
            if index in (0, len(points) - 1)
            or not number(points[index - 1][1]) == number(point[1]) == number(points[index + 1][1])
        ]
        path = " ".join(f"{number(x)},{number(y)}" for x, y in kept)
        more = f' stroke-dasharray="{dashes}"' if dashes else ""
        self.parts.append(
            f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width}"{more}/>'
        )

    def area(self, points, fill, opacity):
        path = " ".join(f"{number(x)},{number(y)}" for x, y in points)
        self.parts.append(f'<polygon points="{path}" fill="{fill}" fill-opacity="{opacity}"/>')

    def text(self, x, y, text, size=11, fill=TEXT, anchor="start", bold=False):
        if not text:
            return
        more = f' text-anchor="{anchor}"' if anchor != "start" else ""
        more += ' font-weight="600"' if bold else ""
        place = f'x="{number(x)}" y="{number(y)}" font-size="{size}" fill="{fill}"'
        self.parts.append(f"<text {place}{more}>{escape(text, quote=False)}</text>")

    def finished(self, height, title):
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{number(height)}" '
            f'viewBox="0 0 {self.width} {number(height)}" font-family="{FONT}" role="img">'
        )
        ground = f'<rect width="{self.width}" height="{number(height)}" fill="#f4f5f7"/>'
        lines = [head, f"<title>{escape(title, quote=False)}</title>", ground, *self.parts, "</svg>"]
        return "\n".join(lines) + "\n"
