"""The page: what it says of results, and that it shows names as text."""

import json
import re
from html.parser import HTMLParser

from signl.evaluation.page.provenance import models_of

DISTANCES = {"good": 6.0, "bad": 1.0, "twin": 1.02}


def text_of(page):
    """All that a page says, in one line, without its markup."""
    text = re.sub(
        r"<(style|script)[^>]*>.*?</\1>|<!--.*?-->|<[^>]+>",
        " ",
        page.read_text("utf-8"),
        flags=re.DOTALL,
    )
    return " ".join(text.replace("&quot;", '"').split())


def places_in(page):
    """All that elements of a page point to."""
    places = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag, attrs):
            places.extend(value for name, value in attrs if name in ("src", "href"))

    Reader().feed(page)
    return places


def test_the_summary_says_what_was_found(make_page):
    text = text_of(
        make_page(DISTANCES, collapsed=["bad"], n_quarantined=3, pairs=[("good", "bad")])
    )
    assert "good has the lowest mean EER in 4 of 4 evaluations; in 4 of them it differs" in text
    assert "8 of 12 differences survive the correction" in text
    assert "Some have 2 seeds only: for those p is too small." in text
    assert "good against bad, of 4 comparisons: pre-training lowers the EER in 4, raises it" in text
    assert "good: from 5 to 100 % of the labels the mean EER changes by -" in text
    assert "1 of 3 pre-trainings collapsed in some epoch: bad on cfad, seed 1: the encoder" in text
    assert "logmel, cfad (eval): 3 trials in quarantine, 160 usable. First reason: cannot" in text
    assert "No row has a published figure beside it" in text


def test_pooled_rates_are_told_by_themselves_and_counted_nowhere_else(make_page):
    text = text_of(make_page(DISTANCES, pool="asvspoof5+in_the_wild"))
    assert "good has the lowest mean EER in 4 of 4 evaluations" in text
    told = "Trained on cfad with 5 % of the labels, on asvspoof5+in_the_wild (pooled): good, "
    assert f"{told}EER 12.50 % (11.25 to 13.75), of 2 seeds." in text
    without = text_of(make_page(DISTANCES))
    assert "No classifier was evaluated on two corpora beyond those of its training." in without


def test_equally_good_recipes_are_not_told_apart(make_page):
    text = text_of(make_page({"bad": 1.0, "twin": 1.0}))
    assert "0 of 4 differences survive the correction" in text
    assert "differs from the next by more than chance" in text
    assert not re.search(r"in [1-9] of them it differs", text)


def test_nothing_still_gives_a_page_that_says_so(make_page):
    text = text_of(make_page({}))
    assert "No recipe has an EER: there is nothing to compare." in text
    assert "No two recipes were trained and evaluated alike" in text
    assert "Nothing was pre-trained." in text
    assert "There is nothing in this table." in text


def test_one_recipe_of_one_seed_and_one_share_of_labels(make_page):
    text = text_of(make_page({"alone": 2.0}, seeds=[1], percents=[100], corpora=["cfad"]))
    assert "There is one recipe, alone, in each evaluation: nothing was compared." in text
    assert "There is one seed: nothing is known of the spread between trainings." in text
    assert "There is one share of labels" in text


def test_the_same_results_give_the_same_bytes_which_load_nothing(make_page):
    page = make_page(DISTANCES).read_text("utf-8")
    assert page == make_page(DISTANCES).read_text("utf-8")
    places = places_in(page)
    assert len(places) > 5
    assert all(place.startswith(("#", "data:image/svg+xml")) for place in places)
    assert "default-src 'none'" in page


def test_hostile_names_are_shown_as_text(make_page):
    name = '"><img src=x onerror=alert(1)><script>alert(1)</script>'
    page = make_page(DISTANCES, attack=name, config={"archives": name}).read_text("utf-8")
    assert name not in page
    # Two that run, one named by its digest each, and the numbers of two charts.
    assert re.findall("<script[^>]*>", page) == [
        *['<script type="application/json">'] * 2,
        *("<script>", '<script type="module">'),
    ]
    assert page.count("'sha256-") == 2
    assert "&lt;" in page


def test_a_hostile_recipe_does_not_end_the_numbers_of_a_chart(make_page):
    name = "</script><script>alert(1)</script>"
    page = make_page({name: 6.0, "other": 1.0}).read_text("utf-8")
    assert name not in page
    spec = re.search(r'<script type="application/json">(.*?)</script>', page, flags=re.DOTALL)[1]
    assert json.loads(spec)["encoding"]["color"]["scale"]["domain"] == [name, "other"]


def test_figures_and_run_times_are_inside(make_page):
    first = make_page(DISTANCES)
    benchmark = first.parent / "benchmarks" / "score" / "a" / "b.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("s\th:m:s\tmax_rss\n7200.0\t2:00:00\t812.5\n")
    page = make_page(DISTANCES)
    assert page.read_text("utf-8").count("<img alt") == 2
    assert "score 1 2.000 7200.0 812" in text_of(page)


def test_the_models_of_all_parts_of_a_front_end_are_named():
    frontends = {
        "means": {"kind": "whisper", "model": "openai/whisper-base", "revision": "abc"},
        "lfcc": {"kind": "lfcc"},
        "both": {"kind": "joined", "parts": [{"of": "means", "model": "folder"}, "means", "lfcc"]},
    }
    means = ["openai/whisper-base", "abc"]
    assert models_of(frontends) == [["both", "folder", "abc"], ["both", *means], ["means", *means]]
