"""The studies as commands: what the scripts in pipelines/ and `tfrwc study` run."""
