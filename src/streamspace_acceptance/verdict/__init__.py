"""What a run has shown: outcomes, expectations, the ledger of criteria."""
