"""LCNN: a light convolutional network with LSTMs, on cepstra or on other frames."""
