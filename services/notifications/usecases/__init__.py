"""What notifications can do: one file, one public function of the same name."""
