"""Mouse and keyboard: a user's input, and its effect in the session and in the picture."""
