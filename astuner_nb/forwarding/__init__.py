"""Records on their way from a run directory to a tracker, in processes of their own beside the training."""
