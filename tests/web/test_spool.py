"""Rows in a file: in order, and in pages that are bounded in bytes."""

from apitrail.web.spool import IN_MEMORY, Spool

ROW = ("x" * 1000, 1, None, b"\0", 1.5)


def test_rows_come_back_as_they_were():
    spool = Spool()
    for row in (ROW, (), ("é\n",)):
        spool.append(row)
    assert list(spool.page(0, 10, 1 << 20)) == [ROW, (), ("é\n",)]
    assert list(spool.page(1, 1, 1 << 20)) == [()]
    assert list(spool.page(3, 1, 1 << 20)) == []


def test_a_page_ends_before_it_is_too_large_but_is_never_empty():
    spool = Spool()
    for _ in range(10):
        spool.append(ROW)
    assert len(list(spool.page(0, 10, 3500))) == 3
    assert len(list(spool.page(0, 10, 1))) == 1


def test_what_is_large_leaves_memory_and_goes_with_the_spool():
    spool = Spool()
    for _ in range(3):
        spool.append(("x" * IN_MEMORY,))
    assert spool._file._rolled  # type: ignore[attr-defined]
    assert [len(row[0]) for row in spool.page(0, 3, 1 << 30)] == [IN_MEMORY] * 3
    spool.close()
    assert len(spool) == 0
