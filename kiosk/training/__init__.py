"""Practice: scenarios, how they are scored, and what a trainee can show for it."""
