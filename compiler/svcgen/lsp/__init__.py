"""The language server: what editors ask, answered from the language's own analysis. Only this package knows pygls."""
