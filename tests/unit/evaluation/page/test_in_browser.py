"""The page in headless Chromium, as a reader sees it, sorts and filters."""

import html
import json
import re
import shutil
import subprocess

import numpy as np
import pytest
from matplotlib.image import imread

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)"),
]
#: Asks the page what it shows, and writes the answer where --dump-dom finds it.
PROBE = """
<script>
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
</script>
"""


def browse(page, *options):
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    done = subprocess.run(
        [*command, "--window-size=1280,2400", *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    assert not said
    return done.stdout


def test_tables_are_filled_sorted_and_filtered_and_figures_drawn(make_page):
    page = make_page({"good": 6.0, "bad": 1.0, "twin": 1.02}, collapsed=["bad"], n_quarantined=2)
    probed = page.with_name("probed.html")
    text = page.read_text("utf-8")
    probed.write_text(text.replace("</body>", f"{PROBE}</body>"), "utf-8")
    found = re.search(r'data-answer="([^"]*)"', browse(probed, "--dump-dom"))
    answer = json.loads(html.unescape(found[1]))
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
