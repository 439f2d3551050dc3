"""What a user does with mouse and keyboard, and what of it arrives in the session and in the picture."""
