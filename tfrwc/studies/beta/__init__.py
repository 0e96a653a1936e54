"""The study of which β a β-VAE should have."""
