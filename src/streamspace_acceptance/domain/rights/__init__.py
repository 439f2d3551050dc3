"""Who may see, change and open a session: its user and the administrator. The plan has no criterion about it."""
