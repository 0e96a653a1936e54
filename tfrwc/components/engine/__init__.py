"""What components are made of, and what runs them."""
