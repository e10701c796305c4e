"""The ledger of the article on ReLU: one file a subject, one record a claim, the exact computations beside them."""
