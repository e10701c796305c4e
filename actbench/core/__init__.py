"""What every room stands on: errors, names, files, seeded streams, number formats, the machine."""
