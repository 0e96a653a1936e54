"""The only modules that know how to reach packages made for an older Keras."""
