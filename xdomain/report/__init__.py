"""Renders an `AnalysisResult` for people and for other tools. Computes no number and prints nothing."""
