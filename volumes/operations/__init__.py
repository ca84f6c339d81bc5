"""What takes longer than a request: asked for and waited for here, done by a worker."""
