"""The language of svcgen: text in, checked model out."""
