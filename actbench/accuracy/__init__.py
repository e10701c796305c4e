"""How right an implementation is: errors in ulp at seeded points, at every input of a format, and what is promised."""
