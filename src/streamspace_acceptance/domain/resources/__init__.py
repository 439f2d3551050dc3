"""The resources of sessions: granted sizes, refused sizes, and enforced limits."""
