"""The studies: trials in, results out, nothing shown."""
