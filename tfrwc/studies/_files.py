"""Files that are there whole or not at all."""

import os


def write_whole(path, text):
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
