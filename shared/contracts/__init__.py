"""The events that services speak: one frozen model each, one file per speaker."""
