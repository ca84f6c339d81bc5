"""The routes under /volumes: the volumes themselves, their files, and what is carried to and fro."""
