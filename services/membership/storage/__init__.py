"""The SQL that writes, and the locks; every statement names one programme."""
