"""Files of strangers and damaged ones: lists F, D and X of what has to be borne."""
