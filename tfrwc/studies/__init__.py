"""The studies: a trial in; results, verdicts, figures and a page out."""
