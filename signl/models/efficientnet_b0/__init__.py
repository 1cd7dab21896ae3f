"""EfficientNet-B0 on a spectrogram, as a picture of one channel."""
