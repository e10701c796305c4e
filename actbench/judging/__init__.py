"""From observations to verdicts, and how often the instrument tells equal arms apart."""
