"""BYOL: a predictor finds what a momentum copy makes of the other view."""
