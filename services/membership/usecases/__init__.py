"""What membership can do: one file, one function of the same name."""
