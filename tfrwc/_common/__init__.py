"""What every part of the package needs, written once."""
