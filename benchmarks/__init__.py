"""Side-by-side comparisons, runnable by anyone."""
