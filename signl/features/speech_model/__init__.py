"""Self-supervised speech models of the wav2vec 2.0 family as front-ends."""
