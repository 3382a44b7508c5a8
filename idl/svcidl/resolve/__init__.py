"""From names as written to names as objects: symbols, bindings, and the model built from them."""
