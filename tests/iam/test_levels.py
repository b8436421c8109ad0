from apitrail.iam.levels import by_name


def test_only_names_that_can_mean_nothing_else_read():
    names = ("ListThings", "GetThing", "BatchGetThings", "PutThing", "Frobnicate", "Getaway")
    assert [*map(by_name, names)] == ["List", "Read", "Read", "Write", "Write", "Write"]
