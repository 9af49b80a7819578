"""Compute matrices with intervals from item records. All numbers of a report are computed here, without torch."""
