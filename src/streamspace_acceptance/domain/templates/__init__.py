"""What the sentences about templates mean."""
