"""Folders of pictures: what is in them, how a picture becomes bytes, by whom, and what is kept.

`listing` finds the pictures, `pool` lets fenced processes run `worker`, which calls `decoding`;
`kept` is the cache of what came out, `assembling` the whole way to a data set.
"""
