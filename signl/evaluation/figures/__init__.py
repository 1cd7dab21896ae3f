"""Figures of results, from the tables of the workflow: one function a kind, a figure each."""

from signl.evaluation.figures.attack_strips import attack_histograms
from signl.evaluation.figures.det_curves import det
from signl.evaluation.figures.domain_map import crossdomain
from signl.evaluation.figures.embedding_points import embedding_map
from signl.evaluation.figures.figure_style import write_figure
from signl.evaluation.figures.label_curves import label_efficiency
from signl.evaluation.figures.part_dots import breakdown
from signl.evaluation.figures.reliability_curves import reliability
from signl.evaluation.figures.score_histograms import histograms
from signl.evaluation.figures.training_courses import classifier_courses, pretraining_courses

__all__ = [
    "attack_histograms",
    "breakdown",
    "classifier_courses",
    "crossdomain",
    "det",
    "embedding_map",
    "histograms",
    "label_efficiency",
    "pretraining_courses",
    "reliability",
    "write_figure",
]
