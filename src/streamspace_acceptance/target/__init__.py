"""The StreamSpace under test: find it, check that it may be tested, lock it, and clean up. It runs no scenario."""
