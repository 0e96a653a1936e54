"""Membership inference attacks on trained models."""
