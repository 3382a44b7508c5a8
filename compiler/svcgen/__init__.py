"""The compiler of svcgen: a checked model in, files of text out."""
