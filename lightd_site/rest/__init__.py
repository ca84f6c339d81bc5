"""The rules of REST that all routes share: what is accepted, and how it is answered."""
