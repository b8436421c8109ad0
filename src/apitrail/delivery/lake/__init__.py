"""The lake: Parquet files of many logs in one place, and the signed lists that prove them."""
