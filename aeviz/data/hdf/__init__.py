"""HDF5 files, AnnData among them: read in a fenced process, nothing outside the file followed.

`tree` is the only way to what is in a file; `streaming` copies numbers, `plain` reads arrays under
their usual names, `annotated` what anndata writes, with `frames` and `matrices`.
"""
