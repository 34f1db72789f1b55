"""The rules of membership: pure, told the time, free of I/O."""
