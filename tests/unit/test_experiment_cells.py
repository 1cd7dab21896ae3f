from signl.experiment_cells import Evaluated, Pretrained, Trained


def test_wildcards_are_what_stands_in_paths():
    classifier = Trained("signl", "cfad", 5.0, 1)
    own = {"recipe": "signl", "corpus": "cfad", "percent": "5", "seed": "1"}
    assert classifier.wildcards == own
    assert Trained("signl", "cfad", 0.5, 1).wildcards["percent"] == "0.5"
    assert Evaluated(classifier, "in_the_wild").wildcards == own | {"eval_corpus": "in_the_wild"}
    noisy = Evaluated(classifier, "in_the_wild", "noise")
    assert noisy.wildcards["eval_corpus"] == "in_the_wild@noise"
    encoder = Pretrained("signl", "asvspoof5+cfad", 2)
    assert encoder.wildcards == {"recipe": "signl", "corpus": "asvspoof5+cfad", "seed": "2"}
