"""The x-vector: convolutions over time, and statistics of their outputs."""
