"""What a person does: one module for each thing. Thin: read, call one operation, answer."""
