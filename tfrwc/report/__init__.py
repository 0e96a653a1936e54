"""Pages of results: a canvas to draw on, figures by name, and self-contained HTML.

What is drawn belongs to the studies: see `tfrwc.report.figures.register`.
"""
