"""The page in headless Chromium, as a reader sees it, sorts and filters."""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from matplotlib.image import imread

from signl.evaluation.collected import read_collected
from signl.evaluation.figures.figure_style import looks_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)"),
]
#: Asks the page what it shows, and writes the answer where --dump-dom finds it.
PROBE = """
addEventListener("load", () => {
  const boxes = Array.from(document.querySelectorAll(".table"));
  const box = document.querySelector("#compared .table");
  const heads = Array.from(box.querySelectorAll("th"));
  const column = heads.findIndex((th) => th.textContent === "difference");
  const rates = () =>
    Array.from(box.querySelectorAll("tbody tr"), (row) => row.cells[column].textContent);
  const button = box.querySelectorAll("th button")[column];
  button.click(); const up = rates(); button.click(); const down = rates();
  const input = box.querySelector("input");
  input.value = "twin yes"; input.dispatchEvent(new Event("input"));
  const kept = Array.from(box.querySelectorAll("tbody tr")).filter((row) => !row.hidden);
  const answer = {
    rows: boxes.map((each) => each.querySelectorAll("tbody tr").length),
    images: Array.from(document.images, (image) => [image.complete, image.naturalWidth]),
    up, down, kept: kept.map((row) => row.textContent),
    told: box.querySelector("output").textContent,
    wide: document.documentElement.scrollWidth > innerWidth,
  };
  document.documentElement.dataset.answer = JSON.stringify(answer);
});
"""

#: Uses the charts as a reader does, and tells what they show before and after.
USE_CHARTS = """
addEventListener("load", async () => {
  // Charts are drawn by messages: timers, whose time is virtual here, would overtake them.
  const pause = () => new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  });
  const settle = async () => { for (let turn = 0; turn < 300; turn++) await pause(); };
  const [labels, domains] = document.querySelectorAll(".chart");
  const closed = () => [labels, domains].every((box) => !box.querySelector("details").open);
  for (let turn = 0; turn < 5000 && !closed(); turn++) await pause();
  const texts = (box, role) =>
    Array.from(box.querySelectorAll(`.mark-text.${role} text`), (text) => text.textContent);
  const lines = () =>
    Array.from(labels.querySelectorAll(".mark-line.role-mark path"), (line) => ({
      color: line.getAttribute("stroke"), opacity: Number(line.getAttribute("opacity")),
      path: line.getAttribute("d"),
    }));
  const press = async (element, name) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const at = { clientX: left + width / 2, clientY: top + height / 2, bubbles: true };
    element.dispatchEvent(new PointerEvent(name, at));
    await settle();
  };
  const choose = async (box, place) => {
    const list = box.querySelector("select");
    list.selectedIndex = place;
    list.dispatchEvent(new Event("change"));
    await settle();
    return list.value;
  };
  const answer = { closed: closed(), before: lines(), names: texts(labels, "role-legend-label") };
  await press(labels.querySelectorAll(".role-legend-label text")[1], "click");
  answer.picked = lines();
  await press(labels.querySelector(".mark-symbol.role-mark path"), "pointermove");
  answer.hint = document.querySelector("#vg-tooltip-element").innerText;
  answer.chosen = await choose(labels, 1);
  answer.other = lines();
  answer.cells = texts(domains, "role-mark");
  answer.classifier = await choose(domains, 1);
  answer.others = texts(domains, "role-mark");
  answer.options = Array.from(labels.querySelectorAll("option"), (each) => each.textContent);
  answer.hacked = Boolean(window.hacked);
  document.documentElement.dataset.answer = JSON.stringify(answer);
});
"""

#: Tells what stands where charts would.
LOOK = """
addEventListener("load", () => {
  const found = (what, tell) => Array.from(document.querySelectorAll(`.chart ${what}`), tell);
  const answer = {
    open: found("details", (each) => each.open),
    drawn: found(".drawn", (each) => each.innerHTML),
    shown: found("img", (each) => [each.offsetWidth, each.offsetHeight]),
  };
  document.documentElement.dataset.answer = JSON.stringify(answer);
});
"""


def browse(page, *options, complaint=None):
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    done = subprocess.run(
        [*command, "--window-size=1280,2400", *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    unexpected = [line for line in said if complaint is None or complaint not in line]
    assert not unexpected
    return done.stdout


def ask(page, probe, **options):
    """What a script answers that is put into the page, whose policy is told of it."""
    digest = base64.b64encode(hashlib.sha256(probe.encode()).digest()).decode()
    head, body, tail = page.read_text("utf-8").rpartition("</body>")
    probed = page.with_name("probed.html")
    head = head.replace("script-src ", f"script-src 'sha256-{digest}' ", 1)
    probed.write_text(f"{head}<script>{probe}</script>{body}{tail}", "utf-8")
    shown = browse(probed, "--virtual-time-budget=20000", "--dump-dom", **options)
    return json.loads(html.unescape(re.search(r'data-answer="([^"]*)"', shown)[1]))


def test_tables_are_filled_sorted_and_filtered_and_figures_drawn(make_page):
    page = make_page({"good": 6.0, "bad": 1.0, "twin": 1.02}, collapsed=["bad"], n_quarantined=2)
    answer = ask(page, PROBE)
    assert len(answer["rows"]) >= 8
    assert all(answer["rows"])
    assert len(answer["images"]) == 2
    assert all(complete and width > 100 for complete, width in answer["images"])
    assert [float(each) for each in answer["up"]] == sorted(float(each) for each in answer["up"])
    assert [float(each) for each in answer["down"]] == sorted(
        map(float, answer["up"]), reverse=True
    )
    assert answer["kept"]
    assert all("twin" in row and "yes" in row for row in answer["kept"])
    assert answer["told"] == f"{len(answer['kept'])} of {len(answer['up'])} rows"
    assert not answer["wide"]


def test_a_screenshot_is_not_blank(make_page, tmp_path):
    page = make_page({"good": 6.0, "bad": 1.0})
    shot = tmp_path / "summary.png"
    browse(page, f"--screenshot={shot}")
    pixels = imread(shot)[..., :3]
    assert np.unique(pixels.reshape(-1, 3), axis=0).shape[0] > 20
    assert (pixels.min(axis=(1, 2)) < 0.5).mean() > 0.2  # rows of pixels with something dark


def test_charts_are_drawn_and_answer_to_the_mouse(make_page):
    page = make_page({"good": 6.0, "bad": 1.0, "twin": 1.02})
    answer = ask(page, USE_CHARTS)
    assert answer["closed"]
    assert answer["names"] == ["bad", "good", "twin"]
    looks = looks_of(answer["names"])
    assert [line["color"] for line in answer["before"]] == [
        look["color"] for look in looks.values()
    ]
    assert [line["opacity"] for line in answer["before"]] == [1, 1, 1]
    # A click on a name leaves its recipe alone.
    faint, picked, other = (line["opacity"] for line in answer["picked"])
    assert (faint, picked, other) == (pytest.approx(0.12), 1, pytest.approx(0.12))
    cells = read_collected(page.with_name("metrics.parquet")).to_pandas()

    def mean(recipe, corpus, percent):
        where = "recipe == @recipe and eval_corpus == @corpus and label_percent == @percent"
        return 100 * cells.query(where)["eer"].mean()

    for said in ("bad", "cfad (all)", f"{mean('bad', 'cfad', 5):.2f}", "seeds"):
        assert said in answer["hint"]
    assert answer["chosen"] == "cfad → in_the_wild (all)"
    assert [line["path"] for line in answer["other"]] != [line["path"] for line in answer["before"]]
    assert answer["classifier"] == "bad, 100 % of the labels"
    for shown, percent in (("cells", 5), ("others", 100)):
        rates = [mean("bad", corpus, percent) for corpus in ("cfad", "in_the_wild")]
        assert answer[shown] == [f"{rate:.1f}" for rate in rates]


def test_hostile_names_in_charts_are_text(make_page):
    name = "<img src=x onerror=hacked=1></script><script>hacked=1</script>"
    answer = ask(make_page({name: 6.0, "zero": 1.0}), USE_CHARTS)
    assert answer["closed"]
    assert not answer["hacked"]
    assert any(each.startswith("<img src=x") for each in answer["names"])
    assert "cfad → in_the_wild (all)" in answer["options"]


def test_where_no_chart_is_drawn_the_fixed_figures_stand_in_their_place(make_page):
    page = make_page({"good": 6.0, "bad": 1.0})
    text = page.read_text("utf-8")
    # As a browser without scripts: the policy names none but the one that asks.
    page.write_text(re.sub('script-src [^"]*', "script-src ", text, count=1), "utf-8")
    answer = ask(page, LOOK, complaint="violates the following Content Security Policy")
    assert answer["open"] == [True, True]
    assert answer["drawn"] == ["", ""]
    assert all(width > 100 and height > 50 for width, height in answer["shown"])
