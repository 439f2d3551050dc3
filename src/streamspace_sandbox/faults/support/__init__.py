"""Parts that several planted faults share."""
