"""The desktop as a user sees it: a real browser, the noVNC page, pictures of it and input into it."""
