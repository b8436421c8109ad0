"""Files by their key, as a bucket has them."""

from __future__ import annotations

import pytest

from apitrail.errors import UsageError


@pytest.mark.parametrize("key", ["../x", "a/../../x", "/etc/passwd", "a//b", "", "a\0b", "./a"])
def test_a_key_stays_in_its_tree(tree, key):
    assert tree.path(key) is None
    assert tree.read(key) is None
    with pytest.raises(UsageError, match="not a key"):
        tree.put(key, b"")
