"""A model, a data set, a panel and a question for aeviz, each in a file of its own."""
