"""Figures of the study: each file registers its own, see `tfrwc.report.figures`."""
