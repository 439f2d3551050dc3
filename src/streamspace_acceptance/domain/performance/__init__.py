"""Load on the product: sessions that are created and kept, and the figures of that. Nothing here decides a verdict."""
