"""Paint and enqueue: what a person sees. No file, no network, no arithmetic on metrics."""
