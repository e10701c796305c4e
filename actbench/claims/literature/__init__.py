"""The ledger of published results: one record a result, in our words, and how it is run again at small scale."""
