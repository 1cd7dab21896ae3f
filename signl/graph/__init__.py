"""The spectral-temporal graph model: stem, graphs, encoders, heads and objectives."""
