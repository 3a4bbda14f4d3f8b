"""`relay rules diff`: two versions of the rules over all samples and cases."""
