"""From an experiment's cells to one tidy frame: resumable, and the same bytes for any number of workers."""
