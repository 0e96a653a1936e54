"""The three studies as pipelines of components."""
