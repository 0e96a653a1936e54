"""Which β a β-VAE should have: exact theory."""
