"""What is owed for a month, how sure that is, and the close: contracts, plan, payment, reconciliation."""
