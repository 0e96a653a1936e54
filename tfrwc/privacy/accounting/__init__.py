"""What noise and training cost in privacy, by dp-accounting."""
