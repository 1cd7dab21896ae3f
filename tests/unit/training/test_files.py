from signl.training.files import EncoderFiles, ModelFiles, digest_of


def test_a_recipe_without_pretraining_has_no_encoder_files():
    assert EncoderFiles.of([]) is None
    assert EncoderFiles.of(["model", "config"]) == EncoderFiles("model", "config")


def test_the_checkpoint_lies_beside_the_history(tmp_path):
    files = ModelFiles("model", "config", tmp_path / "history.jsonl")
    assert files.checkpoint == tmp_path / ".resume.ckpt"


def test_digests_follow_content_alone(tmp_path):
    for name, content in (("a", b"x"), ("b", b"x"), ("c", b"y")):
        (tmp_path / name).write_bytes(content)
    assert digest_of(tmp_path / "a") == digest_of(tmp_path / "b") != digest_of(tmp_path / "c")
