"""From item records to matrices with intervals: every number of a report is computed here. No torch."""
