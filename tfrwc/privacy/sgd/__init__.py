"""Private training of Keras models by DP-SGD."""
