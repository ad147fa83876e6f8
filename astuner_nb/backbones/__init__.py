"""What to run: a backbone turns hyper-parameter values into a command."""
