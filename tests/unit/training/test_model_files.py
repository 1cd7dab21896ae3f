from signl.training.model_files import EncoderFiles, ModelFiles, set_aside


def test_a_recipe_without_pretraining_has_no_encoder_files():
    assert EncoderFiles.of([]) is None
    assert EncoderFiles.of(["model", "config"]) == EncoderFiles("model", "config")


def test_the_checkpoint_lies_beside_the_history(tmp_path):
    files = ModelFiles("model", "config", tmp_path / "history.jsonl")
    assert files.checkpoint == tmp_path / ".resume.ckpt"


def test_what_a_run_kept_is_removed_with_what_was_set_aside(tmp_path):
    files = ModelFiles("model", "config", tmp_path / "history.jsonl")
    files.discard_checkpoint()
    for path in (files.checkpoint, set_aside(files.checkpoint)):
        path.touch()
    files.discard_checkpoint()
    assert list(tmp_path.iterdir()) == []
