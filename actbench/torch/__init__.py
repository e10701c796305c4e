"""For users of torch; torch itself is loaded by what is called, never by importing this."""

from actbench.torch.gains import gain_ as gain_
