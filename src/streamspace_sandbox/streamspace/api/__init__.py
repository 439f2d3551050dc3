"""The StreamSpace API: HTTP and WebSocket, stateless beside PostgreSQL and Redis."""
