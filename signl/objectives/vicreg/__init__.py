"""VICReg: invariance, variance and covariance."""
