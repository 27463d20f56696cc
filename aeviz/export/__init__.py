"""What leaves the program without the window: sheets of decodes, tables."""
