"""The claims of the two papers: each file registers its own, see `verdicts`."""
