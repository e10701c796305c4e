"""Honest timing: who is faster is a ratio within one run, of calls that were checked, interleaved and repeated.

`race` runs any competitors; `estimates` makes numbers of its samples; `inputs` gives them data; `threads` pins them;
`field` lines up our kernels and other people's for one activation, and checks their values before the start.
"""
