"""The voice server: calls over WebSocket, their turn-taking and play-out."""
