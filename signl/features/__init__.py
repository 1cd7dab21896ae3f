"""Front-ends and the cache of their frames."""
