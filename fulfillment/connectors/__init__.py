"""How the world outside is reached: one package a partner or a standard."""
