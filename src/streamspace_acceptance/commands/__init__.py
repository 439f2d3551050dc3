"""The subcommands of `streamspace-acceptance`, one folder or module each."""
