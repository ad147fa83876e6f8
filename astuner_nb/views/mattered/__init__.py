"""Which hyper-parameters an outcome goes with."""
