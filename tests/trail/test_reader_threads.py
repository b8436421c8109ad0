"""Reading from several threads at once, as a server does."""

from concurrent.futures import ThreadPoolExecutor

import trails
from apitrail.trail.reader import Reader

THREADS = 8


def test_every_thread_reads_what_was_written(tmp_path):
    directory = trails.make(tmp_path / "trail", 60)

    def read(_: int) -> list[dict[str, bytes]]:
        with Reader(directory) as reader:
            return [reader.facets(index) for _ in range(5) for index in range(reader.size)]

    [expected] = [read(0)]
    with ThreadPoolExecutor(THREADS) as pool:
        assert all(found == expected for found in pool.map(read, range(THREADS * 2)))
