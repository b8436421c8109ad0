-- Derived from the above, so that it can be searched; `verify` recomputes every row.
CREATE TABLE string(
  id INTEGER PRIMARY KEY,
  value TEXT NOT NULL UNIQUE
) STRICT;
-- An index on the value alone is enough: the implicit idx keeps newest first.
CREATE TABLE event(
  idx INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,          -- the event's UUID
  time INTEGER NOT NULL,            -- Unix milliseconds at which the request completed
  source INTEGER,
  name INTEGER,
  username INTEGER,
  access_key_id INTEGER,
  region INTEGER,
  source_ip INTEGER,
  error INTEGER,
  run INTEGER,
  operator INTEGER,                 -- who the recorder itself knew
  read_only INTEGER,
  stand_in INTEGER NOT NULL,        -- 1 for a call about a stand-in for AWS itself
  undetermined INTEGER NOT NULL DEFAULT 0 -- 1 for a call whose resources could not be told
) STRICT;
CREATE INDEX event_source ON event(source);
CREATE INDEX event_name ON event(name);
CREATE INDEX event_username ON event(username);
CREATE INDEX event_access_key_id ON event(access_key_id);
CREATE INDEX event_region ON event(region);
CREATE INDEX event_source_ip ON event(source_ip);
CREATE INDEX event_time ON event(time);
CREATE INDEX event_run ON event(run) WHERE run IS NOT NULL;
CREATE INDEX event_operator ON event(operator) WHERE operator IS NOT NULL;
CREATE INDEX event_error ON event(error) WHERE error IS NOT NULL;
CREATE INDEX event_write ON event(idx) WHERE read_only = 0;
CREATE INDEX event_undetermined ON event(idx) WHERE undetermined = 1;
CREATE TABLE resource(
  name INTEGER NOT NULL,            -- a name or an ARN: both are searched for
  idx INTEGER NOT NULL,
  type INTEGER NOT NULL,            -- the string '' where it is not known
  PRIMARY KEY (name, idx, type)
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_type ON resource(type, idx);
-- Between which times the events of each 1,024 entries are, so that a time leads to them. What was
-- erased may have been among them.
CREATE TABLE span(
  block INTEGER PRIMARY KEY,
  first INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT;
-- Which entries of a block of 8,192 have a value of a field, so that conditions which never meet are
-- seen not to. A value that few of them have is not here where an index finds it.
CREATE TABLE marked(
  shelf INTEGER NOT NULL,           -- block / 16: there a value's blocks lie side by side
  field INTEGER NOT NULL,           -- its place in `blocks.FIELDS`
  value INTEGER NOT NULL,           -- as in the field's column; -1 for NULL
  block INTEGER NOT NULL,
  bits BLOB NOT NULL,               -- one for each entry, the first one highest
  PRIMARY KEY (shelf, field, value, block)
) STRICT, WITHOUT ROWID;
-- The values of one column of `event` in such a block, a byte for each entry; more layers for many.
CREATE TABLE coded(
  block INTEGER NOT NULL,
  field INTEGER NOT NULL,
  layer INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (block, field, layer)
) STRICT, WITHOUT ROWID;
-- Where the entries are that have a value of such a column, or a source and a name, in 8 blocks; but for the
-- blocks of which many have it. While the next 8 are written, the rows are moved to `gathered`.
CREATE TABLE posted(
  stretch INTEGER NOT NULL,         -- block / 8
  field INTEGER NOT NULL,           -- one more than the last one is an operation
  value INTEGER NOT NULL,           -- NULL is not here; of an operation source * 2^32 + name
  many INTEGER NOT NULL,            -- a bit for each of 64 blocks, set if more than 240 of it have it, the first one lowest
  places BLOB NOT NULL,             -- which entries of the 64 blocks have it, four bytes each, in order
  PRIMARY KEY (stretch, field, value)
) STRICT, WITHOUT ROWID;
-- The same of 64 blocks.
CREATE TABLE gathered(
  part INTEGER NOT NULL,            -- block / 64
  field INTEGER NOT NULL,
  value INTEGER NOT NULL,
  many INTEGER NOT NULL,
  places BLOB NOT NULL,
  PRIMARY KEY (part, field, value)
) STRICT, WITHOUT ROWID;
-- Which values of two fields of `event` entries of a block have together, in 8 blocks, where these are few.
CREATE TABLE met(
  one INTEGER NOT NULL,             -- the fields, as in marked
  other INTEGER NOT NULL,
  stretch INTEGER NOT NULL,         -- block / 8
  told INTEGER NOT NULL,            -- a bit for each block of which this tells, the first one lowest
  pairs BLOB NOT NULL,              -- what entries have of both, 8 bytes each; then a byte each: which blocks have it
  PRIMARY KEY (one, other, stretch)
) STRICT, WITHOUT ROWID;
-- The operations that blocks have, so that those are seen which no call is of: GetUser is no write.
CREATE TABLE operation(
  name INTEGER NOT NULL,            -- as in the columns of event; -1 for NULL
  source INTEGER NOT NULL,
  read_only INTEGER NOT NULL,
  PRIMARY KEY (name, source, read_only)
) STRICT, WITHOUT ROWID;
-- Which three bytes follow each other in each 1,024 strings, in bits: what a form of names has is in few.
CREATE TABLE grams(
  part INTEGER PRIMARY KEY,         -- string.id / 1024
  bits BLOB NOT NULL
) STRICT;
-- Which two do, each two of ASCII in a bit of its own.
CREATE TABLE pairs(
  part INTEGER PRIMARY KEY,         -- as in grams
  bits BLOB NOT NULL
) STRICT;
-- The entries that are no calls: what the log says of itself.
CREATE TABLE book(
  idx INTEGER PRIMARY KEY
) STRICT;
CREATE TABLE run(
  idx INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  labels TEXT NOT NULL              -- a JSON object
) STRICT;
-- Which version of these tables this is; without it, the first.
CREATE TABLE derived(
  id INTEGER PRIMARY KEY CHECK (id = 0),
  version INTEGER NOT NULL
) STRICT;
