"""The page of results: what was found, computed and in words, tables, figures and provenance."""
