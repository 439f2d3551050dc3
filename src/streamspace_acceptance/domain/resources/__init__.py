"""What a session is given of its node, what it is refused, and how its limits hold."""
