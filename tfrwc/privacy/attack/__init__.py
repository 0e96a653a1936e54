"""Attacks that bound privacy from below: audits, canaries, membership inference."""
