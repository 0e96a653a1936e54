"""The study of how the layers of a network learn."""
