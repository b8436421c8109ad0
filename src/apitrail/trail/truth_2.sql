-- Who outside has seen the kept checkpoint of `size`. It is no part of the log: nothing commits to it.
CREATE TABLE anchor(
  size INTEGER NOT NULL,
  kind TEXT NOT NULL,               -- 'cosignature' or 'timestamp'
  name TEXT NOT NULL,               -- the witness's key as NAME+ID, or the URL of the authority
  data BLOB NOT NULL,               -- a signature line of C2SP signed-note, or a token of RFC 3161
  PRIMARY KEY (size, kind, name)
) STRICT, WITHOUT ROWID;
