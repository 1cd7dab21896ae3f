"""The report of the toy experiment in headless Chromium: its pages list what the tables hold."""

import base64
import html
import json
import re
import shutil
import subprocess

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.workflow,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: chromium)"),
]
#: Snakemake's own page says this of itself wherever it is opened.
KNOWN = "cdn.tailwindcss.com should not be used in production"
#: Opens each category, and writes what the page lists and holds where --dump-dom finds it.
PROBE = """
<script>
addEventListener("load", async () => {
  // The page draws itself by messages: timers, whose time is virtual here, would overtake it.
  const pause = () => new Promise((done) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  });
  const rows = () => Array.from(document.querySelectorAll("#app tbody tr"));
  const shown = () => rows().map((row) => row.textContent);
  while (app === undefined) await pause();
  const listed = {};
  for (const category of Object.keys(categories)) {
    // As a reader does: back to the menu, and into the category.
    app.setView({ navbarMode: "menu" });
    for (let turn = 0; turn < 1000 && shown().length; turn++) await pause();
    app.showCategory(category);
    for (let turn = 0; turn < 1000 && !shown().length; turn++) await pause();
    listed[category] = shown();
  }
  const held = {};
  for (const [path, result] of Object.entries(results)) held[path] = result.data_uri;
  document.documentElement.dataset.answer = JSON.stringify({ listed, held });
});
</script>
"""
#: Category -> tables, pages and their names, as rows of the list.
LISTED = {
    "Pre-training": {"pretraining"},
    "Results": {"indomain", "crossdomain", "comparisons", "breakdown"},
    "Summary": {"what was found"},
    "Utterances": {"quarantine"},
}


@pytest.fixture(scope="module")
def answer(toy, toy_config):
    """What the page answers; its console is silent."""
    toy.make(toy_config, "--report", "report.html")
    page = toy.folder / "report.html"
    probed = page.with_name("probed.html")
    head, body, tail = page.read_text("utf-8").rpartition("</body>")
    probed.write_text(head + PROBE + body + tail, "utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=20000", "--dump-dom", probed.as_uri()],
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    unknown = [line for line in said if KNOWN not in line]
    assert not unknown, unknown
    found = re.search(r'data-answer="([^"]*)"', done.stdout)
    return json.loads(html.unescape(found[1]))


def test_each_category_lists_its_tables(answer):
    assert set(answer["listed"]) == set(LISTED)
    for category, names in LISTED.items():
        rows = answer["listed"][category]
        for name in names:
            assert any(name in row for row in rows), (category, name, rows)


def test_tables_and_the_page_are_inside_as_they_lie_in_the_results(answer, toy):
    names = {f"results/{name}.csv" for name in (*LISTED["Results"], "pretraining", "quarantine")}
    assert set(answer["held"]) == {*names, "results/summary.html"}
    for path, uri in answer["held"].items():
        content = base64.b64decode(uri.partition(";base64,")[2])
        assert content == (toy.folder / path).read_bytes(), path
        # The toy has one recipe: there is nothing to compare it with.
        least = 1 if path == "results/comparisons.csv" else 2
        assert len(content.splitlines()) >= least, path
