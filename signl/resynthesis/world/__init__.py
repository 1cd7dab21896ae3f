"""The vocoder WORLD."""
