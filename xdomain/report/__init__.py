"""Render an `AnalysisResult` for people and for other tools. This package computes no number and prints nothing."""
