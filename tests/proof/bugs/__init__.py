"""Planted bugs: does the checker see what it is there for? The product has none of them."""
