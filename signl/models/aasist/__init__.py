"""AASIST: graph attention over spectral and temporal nodes, of the raw waveform."""
