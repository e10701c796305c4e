"""From files to pages: tables and figures of a run, and the report that shows them. Nothing here measures."""
