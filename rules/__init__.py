"""What every door obeys: errors, request ids, strict input. Knows no app."""
