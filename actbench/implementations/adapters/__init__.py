"""One file a library, each with its record `LIBRARY`; a new one is found by lying here."""
