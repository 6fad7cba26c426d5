"""What `cargo xtask bench` runs in Python: pyarrow.flight as a peer of ArrowLink, and the plot."""
