"""The network of SIGNL (arXiv 2501.04942): a stem, a spectral and a temporal graph."""
