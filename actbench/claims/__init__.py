"""Claims: the record of one, how it is judged, and the ledgers; a ledger is a folder, a claim a record in it."""
