"""Claims: the record of one, its judge, and the ledgers: a folder a text, a claim a record in it."""
