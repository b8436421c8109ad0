"""Service models in memory."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from apitrail.aws import models


def test_models_are_forgotten_beyond_a_bound(monkeypatch):
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    large = models.loaded("ssm").size
    monkeypatch.setattr(models, "MOST", large + models.loaded("sqs").size)
    for name in ("ssm", "sqs", "ssm", "sts"):
        models.warm(name)

    assert models.is_loaded("sts")
    assert not models.is_loaded("sqs")


def test_the_model_that_is_asked_for_stays_however_large(monkeypatch):
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    monkeypatch.setattr(models, "MOST", 1)
    used = models.loaded("sts")
    models.warm("ssm")

    assert models.is_loaded("ssm")
    assert not models.is_loaded("sts")
    assert used.operation("GetCallerIdentity").input_shape.name == "GetCallerIdentityRequest"


def test_unknown_models_are_key_errors():
    with pytest.raises(KeyError, match="nothing"):
        models.service("nothing")
    with pytest.raises(KeyError, match="Nothing"):
        models.operation("sts", "Nothing")
    with pytest.raises(KeyError, match="1999"):
        models.service("sts", "1999-01-01")


def test_old_versions_are_models_of_their_own():
    assert models.service("cloudfront", "2014-05-31").api_version == "2014-05-31"
    assert models.service("cloudfront").api_version != "2014-05-31"
