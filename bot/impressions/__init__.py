"""Impressions that platforms report: read what people type, keep it as snapshots."""
