"""Whole random numbers whose probabilities are exact, from a secret key's words.

Noise in floating point only comes near its distribution, and what it misses is what a
pure guarantee must not miss. Here no number is rounded: `laws` gives probabilities as
whole numbers with bounds on their error, at any precision; `table` turns random words
into outcomes of a law, and asks for further bits where those of a word leave the
outcome open; `integers` puts laws together to Laplace and normal noise of any size.
"""
