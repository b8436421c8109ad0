"""Service models in memory."""

from __future__ import annotations

import gc
import weakref
from collections import OrderedDict

import pytest

from apitrail.aws import decode, models
from apitrail.exchange import Body, Response
from aws.requests import JSON, call


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


@pytest.fixture
def uncollected():
    """Only what nothing points to leaves memory."""
    gc.disable()
    yield
    gc.enable()


def test_a_model_that_is_pushed_out_leaves_memory_at_once(monkeypatch, uncollected):
    monkeypatch.setattr(models, "_loaded", OrderedDict())
    monkeypatch.setattr(models, "MOST", 1)
    found = call("POST", "/", JSON, ("X-Amz-Target", "AmazonSSM.PutParameter"), body=b'{"Name":"x"}', service="ssm")  # fmt: skip
    body = Body.of(b'{"Version":1}')
    answered = decode.response(found, Response(status=200, http_version="HTTP/1.1", headers=(), body=body, trailers=()))  # fmt: skip
    pushed_out = weakref.ref(models.loaded("ssm").model)
    models.warm("sts")

    assert (found.parameters, answered.result) == ({"Name": "x"}, {"Version": 1})
    assert pushed_out() is None
