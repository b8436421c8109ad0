"""The table `events`."""

import trails
from apitrail.reading.sql import view
from apitrail.trail.reader import Reader


def test_a_trail_is_asked_where_it_lies(tmp_path):
    with Reader(trails.make(tmp_path / "trail", 3)) as reader:
        connection = view.connect(reader)
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (3,)
        assert connection.execute("PRAGMA query_only").fetchone() is not None
        connection.close()
