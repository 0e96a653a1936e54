"""The studies as a person runs them, by `tfrwc study` or the scripts in pipelines/."""
