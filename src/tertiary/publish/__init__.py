"""What leaves: workbooks, reports and charts, each with its sources and its label."""
