"""A page about recordings: one HTML file that needs nothing beside it.

>>> from tfrwc.answers.page import write_report
>>> write_report(recording, "report.html")  # doctest: +SKIP
>>> write_report([seed_0, seed_1], "report.html", against=others)  # doctest: +SKIP
>>> write_report({"sgd": one, "adam": other}, "report.html")  # doctest: +SKIP
"""

from tfrwc.answers.page.report import write_report

__all__ = ["write_report"]
