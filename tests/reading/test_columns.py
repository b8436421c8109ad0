"""Columns are cut and left out by what they are worth."""

from apitrail.reading.columns import BOLD, RED, Column, by_outcome, fitted, laid_out, plain


def lines(rows, columns, width, **options):
    return list(laid_out(rows, columns, width, **{"colour": False} | options))


def test_what_fits_is_left_as_it_is():
    assert lines([("a", "bc")], plain(["ONE", "TWO"]), 8) == ["ONE  TWO", "a    bc"]


def test_columns_are_cut_no_further_than_they_may_be():
    columns = [Column("A", None), Column("B", 10), Column("C", 5)]
    sizes = fitted([12, 40, 40], columns, 40)
    assert sizes[0] == 12
    assert sizes[1] >= 10
    assert sizes[2] >= 5
    assert sum(sizes.values()) + 4 == 40


def test_a_column_of_more_weight_keeps_more():
    sizes = fitted([40, 40], [Column("A", 4, weight=3), Column("B", 4)], 50)
    assert sizes[0] > sizes[1]


def test_the_highest_rank_is_left_out_first_and_only_where_cutting_is_not_enough():
    columns = [Column("A", 10), Column("B", 10, rank=1), Column("C", 10, rank=2)]
    assert list(fitted([10, 10, 10], columns, 34)) == [0, 1, 2]
    assert list(fitted([10, 10, 10], columns, 33)) == [0, 1]
    assert list(fitted([10, 10, 10], columns, 21)) == [0]
    # What may not be left out goes over the edge.
    assert fitted([10, 10, 10], columns, 5) == {0: 10}


def test_no_line_is_longer_than_the_screen():
    rows = [("x" * 70, "y" * 5, "z" * 33), ("", "y" * 50, "")]
    for width in range(30, 170):
        assert max(map(len, lines(rows, plain(["A", "B", "C"]), width))) <= width


def test_the_end_of_a_path_is_what_is_shown_of_it():
    columns = [Column("NAME", 8, tail=True)]
    assert lines([("bucket/logs/a.txt",)], columns, 10)[1] == "…ogs/a.txt"


def test_colour_changes_no_width():
    columns = [Column("A"), Column("RESULT", style=by_outcome)]
    [header, line] = lines([("a", "Denied")], columns, None, colour=True)
    assert header == f"\x1b[{BOLD}mA\x1b[0m  \x1b[{BOLD}mRESULT\x1b[0m"
    assert line == f"a  \x1b[{RED}mDenied\x1b[0m"
