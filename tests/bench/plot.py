# SPDX-License-Identifier: BSD-2-Clause
"""Plots as SVG files: bars on a logarithmic axis, and lines over a
logarithmic axis. Knows nothing of what is plotted."""
import html
import math

HEAD = ('<?xml version="1.0"?>\n<!-- SPDX-License-Identifier: BSD-2-Clause -->\n'
        '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}" viewBox="0 0 {w} {h}" '
        'font-family="sans-serif" font-size="13">\n<rect width="{w}" height="{h}" fill="#ffffff"/>\n')
COLOURS = ["#1f5fa8", "#c8641e", "#3a8a4d", "#7a4fa3"]
OURS, PEERS, INK, GRID = "#1f5fa8", "#a9b1ba", "#222222", "#e2e5e8"


def text(x, y, what, anchor="start", **more):
    extra = "".join(f' {key.replace("_", "-")}="{value}"' for key, value in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{INK}"{extra}>{html.escape(what)}</text>\n'


def line(x1, y1, x2, y2, colour=GRID, width=1):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" stroke-width="{width}"/>\n'


def short(value):
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def decades(low, high):
    return [10.0 ** k for k in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def bars(path, title, unit, rows):
    """rows: (label, value, spread, whether it is ours), drawn from a power of ten."""
    rows = [row for row in rows if row[1] > 0]
    if not rows:
        return
    ticks = decades(min(row[1] for row in rows), max(row[1] for row in rows))
    left, right, top, step = 250, 90, 56, 28
    w, h = 860, top + step * len(rows) + 46
    low, high = math.log10(ticks[0]), math.log10(ticks[-1])

    def at(value):
        return left + (math.log10(max(value, ticks[0])) - low) / max(high - low, 1e-9) * (w - left - right)

    out = HEAD.format(w=w, h=h) + text(16, 28, title, font_size="16", font_weight="bold")
    for tick in ticks:
        out += line(at(tick), top - 8, at(tick), h - 40) + text(at(tick), h - 22, short(tick), "middle", font_size="11")
    out += text((left + w - right) / 2, h - 6, unit, "middle", font_size="11")
    for i, (label, value, spread, ours) in enumerate(rows):
        y = top + step * i
        out += text(left - 8, y + 14, label, "end")
        out += f'<rect x="{left}" y="{y}" width="{max(at(value) - left, 1):.1f}" height="19" fill="{OURS if ours else PEERS}"/>\n'
        out += line(at(max(value - spread, ticks[0])), y + 9.5, at(value + spread), y + 9.5, INK, 1.5)
        out += text(at(value + spread) + 6, y + 14, f"{value:,.0f}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(out + "</svg>\n")


def nice_top(value):
    """A round number not below value."""
    size = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1
    return next(size * k for k in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if size * k >= value)


def lines(path, title, x_unit, y_unit, series):
    """series: (label, [(x, y, spread)]); x logarithmic, y from 0."""
    series = [(label, points) for label, points in series if points]
    if not series:
        return
    xs = [x for _, points in series for x, _, _ in points]
    top_y = nice_top(max(y + spread for _, points in series for _, y, spread in points))
    w, h, left, right, top, bottom = 760, 390, 80, 30, 72, 56
    low, high = math.log10(min(xs)), math.log10(max(xs))

    def at(x, y):
        return (left + (math.log10(x) - low) / max(high - low, 1e-9) * (w - left - right),
                h - bottom - max(y, 0) / top_y * (h - top - bottom))

    out = HEAD.format(w=w, h=h) + text(16, 28, title, font_size="16", font_weight="bold")
    for k in range(6):
        _, y = at(min(xs), top_y * k / 5)
        out += line(left, y, w - right, y) + text(left - 8, y + 4, short(top_y * k / 5), "end", font_size="11")
    for x in sorted(set(xs)):
        px, py = at(x, 0)
        out += line(px, py, px, py + 5, INK) + text(px, py + 19, short(x), "middle", font_size="11")
    out += text((left + w - right) / 2, h - 12, x_unit, "middle", font_size="12")
    out += text(left, top - 12, y_unit, font_size="12")
    for i, (label, points) in enumerate(series):
        colour = COLOURS[i % len(COLOURS)]
        path_points = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y, _ in points)
        out += f'<polyline points="{path_points}" fill="none" stroke="{colour}" stroke-width="2"/>\n'
        for x, y, spread in points:
            (px, py), (_, up), (_, down) = at(x, y), at(x, y + spread), at(x, y - spread)
            out += line(px, up, px, down, colour) + f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="{colour}"/>\n'
        out += f'<rect x="{w - right - 200}" y="{top - 40 + 17 * i}" width="12" height="12" fill="{colour}"/>\n'
        out += text(w - right - 182, top - 29 + 17 * i, label, font_size="12")
    with open(path, "w", encoding="utf-8") as file:
        file.write(out + "</svg>\n")
