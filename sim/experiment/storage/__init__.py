"""Run folders: Parquet part files, summary and manifest."""
