"""From score files to tables: metrics, their intervals and breakdowns, published numbers."""
