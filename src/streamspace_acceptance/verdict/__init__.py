"""The results of a run: outcomes, expectations, the ledger of criteria."""
