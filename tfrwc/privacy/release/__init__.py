"""Mechanisms that release images with noise, and what each guarantees."""
