"""MHFA: attention with many heads over the frames of weighted hidden states."""
