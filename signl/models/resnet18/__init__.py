"""ResNet-18 on a spectrogram, as a picture of one channel."""
