"""One augmentation of several."""
