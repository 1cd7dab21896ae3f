from signl.corpora.pools import is_pool, members_of, pooled


def test_a_pool_is_the_same_in_any_order():
    assert pooled(["cfad", "asvspoof5"]) == pooled(["asvspoof5", "cfad"]) == "asvspoof5+cfad"


def test_a_corpus_is_no_pool():
    assert members_of("cfad") == ("cfad",)
    assert pooled(["cfad"]) == "cfad"
    assert not is_pool("cfad")
    assert members_of("asvspoof5+cfad") == ("asvspoof5", "cfad")
    assert is_pool("asvspoof5+cfad")
