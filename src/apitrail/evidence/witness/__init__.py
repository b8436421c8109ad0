"""A witness of logs (C2SP tlog-witness): it cosigns the heads of a log that only grows."""
