"""How figures look: the theme, colours, and what several share."""
