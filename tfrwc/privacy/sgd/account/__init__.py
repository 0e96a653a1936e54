"""What is known of a private training, what it costs, and what may follow."""
