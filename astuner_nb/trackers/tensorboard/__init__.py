"""TensorBoard: its event files, and writing them."""
