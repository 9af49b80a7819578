"""Domains: where items come from, how a completion is judged, and what it is paid for."""
