"""The catalogue: the record of an activation, the verb that enters one, and the families of rows."""
