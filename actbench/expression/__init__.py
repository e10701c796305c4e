"""What a row says, recorded as a graph, and the primitives that it is made of."""
