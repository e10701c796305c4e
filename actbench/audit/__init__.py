"""Somebody's implementations judged: which rows they are, where they are wrong, and the smallest input that shows it.

`audit` starts a process in which the code is loaded, recognised (`discover`, `recognise`) and held to the oracle and
to what an elementwise function of arrays must keep (`values`, `laws`, `arrays`); what comes back is a `Finding` each.
"""
