"""Charts of the page that answer to the mouse: Vega-Lite, with their numbers inside.

They show the tables of the fixed figures beside them, in the same colours. Names are values of
fields and nothing else: none of them is taken for markup or for an expression.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import isnan
from pathlib import Path
from typing import Any, Final

import pandas as pd
import vl_convert

from signl.evaluation.figures import domain_map, label_curves
from signl.evaluation.figures.figure_style import (
    Look,
    dash_lengths,
    percent_name,
    rate_colours,
    recipe_looks,
)
from signl.evaluation.page.markup import printable

#: A part of a specification: values that JSON has.
Spec = dict[str, Any]

#: Of the libraries that :func:`chart_script` puts into a page.
NOTICE: Final = (
    "The script below holds Vega, Vega-Lite and Vega-Embed (BSD-3-Clause, University of Washington "
    "Interactive Data Lab), D3 and topojson-client (ISC, Mike Bostock), semver (ISC), delaunator "
    "(ISC, Mapbox), robust-predicates (Unlicense), fast-json-patch, json-stringify-pretty-compact "
    "and lodash (MIT) and tslib (0BSD). Their texts: https://spdx.org/licenses/"
)
_SCRIPT: Final = Path(__file__).with_name("charts.js")
_CELL: Final = ["train_corpus", "eval_corpus", "protocol", "recipe", "label_percent"]
#: Marker of matplotlib -> shape of Vega, which has no cross that lies.
_SHAPES: Final = {
    "o": "circle",
    "s": "square",
    "^": "triangle-up",
    "D": "diamond",
    "v": "triangle-down",
    "P": "cross",
    "X": "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z",
}
#: What is shown where the mouse is: field, name, and form of a number.
_HINTS: Final = (
    ("recipe", "recipe", None),
    ("trained", "trained on", None),
    ("evaluated", "evaluated on", None),
    ("percent", "labels (%)", "~g"),
    ("eer", "EER (%)", ".2f"),
    ("deviation", "standard deviation (points)", ".2f"),
    ("seeds", "seeds", None),
)
_RATE: Final = {"field": "eer", "type": "quantitative", "title": "EER (%)"}
#: What is left of a recipe that is not singled out.
_FAINT: Final = 0.12


@cache
def chart_script() -> str:
    """Return the JavaScript that draws the charts of a page, a module of 0.9 MB.

    Making it takes three seconds; the same vl-convert gives the same bytes.
    """
    return vl_convert.javascript_bundle(_SCRIPT.read_text("utf-8"))


def label_chart(
    cells: pd.DataFrame,
    recipes: Iterable[str],
    published_as: Mapping[str, Mapping[str, str] | None],
) -> Spec | None:
    """Specify the EER against the share of labels, of one evaluation at a time.

    Parameters
    ----------
    cells, recipes, published_as
        As of :func:`signl.evaluation.figures.label_curves.label_efficiency`.

    Returns
    -------
    dict or None
        A line per recipe in a band of one standard deviation, and the published figures beside;
        None where nothing was measured.
    """
    if cells.empty:
        return None
    own = {"values": _rows(label_curves.mean_over_seeds(cells, _CELL))}
    theirs = {"values": _rows(label_curves.published_points(cells, published_as))}
    percents = sorted(set(cells["label_percent"]))
    labels = {
        "field": "percent",
        "type": "quantitative",
        "title": "labels (%)",
        "scale": {"type": "log", "domain": [0.8 * percents[0], 1.25 * percents[-1]]},
        "axis": {"values": percents, "format": "~g", "labelOverlap": True, "grid": False},
    }
    marks = _recipe_marks(recipe_looks(cells, recipes))
    lines = {
        "data": own,
        "params": [
            {"name": "picked", "select": {"type": "point", "fields": ["recipe"]}, "bind": "legend"}
        ],
        "mark": {"type": "line", "strokeWidth": 1.8},
        "encoding": {"y": _RATE, "strokeDash": marks["strokeDash"], "opacity": _picked(1)},
    }
    layers = [
        _spread({"type": "area"}, own, 0.18),
        lines,
        _points(own, marks, {"filled": True}),
        _spread({"type": "rule"}, theirs, 1),
        _points(theirs, marks, {"filled": False, "fill": "white", "strokeWidth": 1.5}),
    ]
    chosen = _choice("evaluation", "trained on → evaluated on: ", own["values"])
    shared = {"x": labels, "color": marks["color"]}
    return _chart(label_curves.TITLE, chosen, layers, shared, width=560, height=320)


def domain_chart(cells: pd.DataFrame) -> Spec | None:
    """Specify the EER of every training corpus on every evaluation corpus.

    Parameters
    ----------
    cells : DataFrame
        As of :func:`signl.evaluation.figures.domain_map.crossdomain`.

    Returns
    -------
    dict or None
        A map, of one recipe and share of labels at a time; None where nothing was measured.
    """
    if cells.empty:
        return None
    rows = _rows(label_curves.mean_over_seeds(cells, _CELL))
    sides = {"x": ("evaluated", "evaluated on", -40), "y": ("trained", "trained on", 0)}
    places = {
        side: {
            "field": field,
            "type": "nominal",
            "title": title,
            "scale": {"domain": sorted({row[field] for row in rows})},
            "axis": {"labelLimit": 400, "labelAngle": angle},
        }
        for side, (field, title, angle) in sides.items()
    }
    colours = {"domain": [0, domain_map.HIGHEST], "range": rate_colours(), "clamp": True}
    squares = {
        "transform": [{"filter": "isValid(datum.eer)"}],
        "mark": {"type": "rect", "strokeWidth": 2},
        "encoding": {
            "color": {**_RATE, "title": "EER (%), 50 is chance", "scale": colours},
            "stroke": _where("datum.own", {"value": domain_map.FRAME}, {"value": None}),
            "tooltip": _hints(),
        },
    }
    shown = {"field": "eer", "type": "quantitative", "format": ".1f"}
    figures = {
        "mark": {"type": "text"},
        "encoding": {
            "text": _where("isValid(datum.eer)", shown, {"value": "\N{EN DASH}"}),
            "color": _where(
                f"datum.eer > {domain_map.DARK}", {"value": "white"}, {"value": "black"}
            ),
            "tooltip": _hints(),
        },
    }
    chosen = _choice("classifier", "recipe and labels: ", rows)
    given = {"data": {"values": rows}, "width": {"step": 64}, "height": {"step": 36}}
    return _chart(domain_map.TITLE, chosen, [squares, figures], places, **given)


def _rows(means: pd.DataFrame) -> list[Spec]:
    """Return means as values of a chart, in percent; null where there is none."""
    return [
        {
            "recipe": printable(row["recipe"]),
            "trained": printable(row["train_corpus"]),
            "evaluated": (evaluated := printable(f"{row['eval_corpus']} ({row['protocol']})")),
            "evaluation": f"{printable(row['train_corpus'])} → {evaluated}",
            "classifier": f"{printable(row['recipe'])}, {percent_name(row['label_percent'])}",
            "percent": float(row["label_percent"]),
            "eer": _known(row["mean"]),
            "deviation": _known(row["deviation"]),
            "seeds": row.get("n_seeds", "as published"),
            "own": row["train_corpus"] == row["eval_corpus"],
        }
        for row in means.to_dict("records")
    ]


def _known(value: float) -> float | None:
    return None if isnan(value) else float(value)


def _choice(field: str, label: str, rows: Sequence[Spec]) -> Spec:
    """Return a list from which one value of a field is chosen: the rows of no other are shown."""
    values = list(dict.fromkeys(row[field] for row in rows))
    bound = {"input": "select", "options": values, "name": label}
    chosen = {"name": "chosen", "value": values[0], "bind": bound}
    return {"params": [chosen], "transform": [{"filter": f"datum.{field} === chosen"}]}


def _chart(
    title: str,
    choice: Spec,
    layers: Sequence[Spec],
    encoding: Spec,
    **others: Any,  # noqa: ANN401
) -> Spec:
    """Return a specification of layers that have an encoding and a choice in common."""
    config = {"view": {"stroke": None}, "axis": {"labelFontSize": 11, "titleFontSize": 12}}
    # A layer with data of its own does not take the filter of the whole.
    filtered = [
        {**layer, "transform": [*choice["transform"], *layer.get("transform", [])]}
        for layer in layers
    ]
    whole = {"title": title, "params": choice["params"], "encoding": encoding, "layer": filtered}
    return {**whole, **others, "background": "white", "config": config}


def _recipe_marks(looks: Mapping[str, Look]) -> Spec:
    """Return the channels by which recipes are told apart: those of the fixed figures."""
    names = [printable(name) for name in looks]
    ranges = {
        "color": [look["color"] for look in looks.values()],
        "strokeDash": [dash_lengths(look["linestyle"]) for look in looks.values()],
        "shape": [_SHAPES[look["marker"]] for look in looks.values()],
    }
    return {
        channel: {
            "field": "recipe",
            "type": "nominal",
            "scale": {"domain": names, "range": values},
            "legend": {"title": "recipe", "labelLimit": 300, "symbolOpacity": 1},
        }
        for channel, values in ranges.items()
    }


def _points(data: Spec, marks: Spec, mark: Spec) -> Spec:
    """Return a layer of a point for each recipe and share of labels."""
    return {
        "data": data,
        "mark": {"type": "point", "size": 55, **mark},
        "encoding": {
            "y": _RATE,
            "shape": marks["shape"],
            "opacity": _picked(1),
            "tooltip": _hints(),
        },
    }


def _spread(mark: Spec, data: Spec, opacity: float) -> Spec:
    """Return a layer that reaches one standard deviation to each side, where there is one."""
    ends = {"low": "datum.eer - datum.deviation", "high": "datum.eer + datum.deviation"}
    return {
        "data": data,
        "transform": [
            {"filter": "isValid(datum.eer) && isValid(datum.deviation)"},
            *({"calculate": formula, "as": end} for end, formula in ends.items()),
        ],
        "mark": mark,
        "encoding": {
            "y": {**_RATE, "field": "low"},
            "y2": {"field": "high"},
            "opacity": _picked(opacity),
        },
    }


def _picked(opacity: float) -> Spec:
    """Return an opacity that recipes lose which are not singled out."""
    return {"condition": {"param": "picked", "value": opacity}, "value": _FAINT * opacity}


def _where(test: str, value: Spec, other: Spec) -> Spec:
    """Return a channel with one value where a test holds, and another elsewhere."""
    return {"condition": {"test": test, **value}, **other}


def _hints() -> list[Spec]:
    """Return what is shown where the mouse is."""
    return [
        {"field": field, "title": title, **({"format": form} if form else {})}
        for field, title, form in _HINTS
    ]
