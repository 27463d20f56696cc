"""Tables of a person's own: how their text is understood, which column is what, and reading them.

What reads a file runs in the child process of `aeviz.data.apart`; the parent sees arrays and names.
"""
