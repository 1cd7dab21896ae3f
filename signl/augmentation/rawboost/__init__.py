"""RawBoost (arXiv 2111.04433)."""
