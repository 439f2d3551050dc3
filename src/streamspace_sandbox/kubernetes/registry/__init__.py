"""The stored objects: kinds, defaults, validation and the feed of changes. It knows no HTTP."""
