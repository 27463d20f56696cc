"""The gallery: every tool on several models, as pictures on one page; see `__main__`."""
