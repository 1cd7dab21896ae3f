"""COLA: each anchor finds the positive of its utterance among those of the batch."""
