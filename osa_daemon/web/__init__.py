"""The page: what a browser sees of the nights and of now, served by a process of its own."""
