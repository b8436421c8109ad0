-- The truth: entries, what they commit to, the tree over them, the signed heads.
CREATE TABLE entry(
  idx INTEGER PRIMARY KEY,
  data BLOB NOT NULL                -- the exact bytes that are hashed
) STRICT;
CREATE TABLE seal(
  idx INTEGER PRIMARY KEY,
  event_key BLOB NOT NULL           -- 32 random bytes; every facet's salt is derived from it
) STRICT;
CREATE TABLE facet(
  idx INTEGER NOT NULL,
  tag TEXT NOT NULL,
  salt BLOB,                        -- NULL while the event key is there to derive it
  data BLOB NOT NULL,               -- zstd of the content
  PRIMARY KEY (idx, tag)
) STRICT, WITHOUT ROWID;
-- What calls taught about identities is read back at every start.
CREATE INDEX facet_learned ON facet(idx) WHERE tag = 'learned';
CREATE TABLE tile(
  level INTEGER NOT NULL,
  idx INTEGER NOT NULL,
  data BLOB NOT NULL,               -- 256 hashes of 32 bytes
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoint(
  size INTEGER PRIMARY KEY,
  note TEXT NOT NULL
) STRICT;
CREATE TABLE tail(
  id INTEGER PRIMARY KEY CHECK (id = 0),
  note TEXT NOT NULL
) STRICT;

-- Guards against our own mistakes; an attacker drops them, and `verify` notices.
CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entry_no_delete BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'entries are never removed'); END;
CREATE TRIGGER entry_in_order BEFORE INSERT ON entry
WHEN NEW.idx <> (SELECT coalesce(max(idx) + 1, 0) FROM entry)
BEGIN SELECT RAISE(ABORT, 'entries are appended in order'); END;
CREATE TRIGGER tile_no_update BEFORE UPDATE ON tile BEGIN SELECT RAISE(ABORT, 'tiles are never changed'); END;
CREATE TRIGGER tile_no_delete BEFORE DELETE ON tile BEGIN SELECT RAISE(ABORT, 'tiles are never removed'); END;
CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never changed'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never removed'); END;
