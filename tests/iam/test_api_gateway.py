from apitrail.cloudtrail.resources.resource import Place
from apitrail.iam import api_gateway

PLACE = Place(partition="aws", region="eu-west-1", account=None)


def test_the_method_is_the_models():
    assert api_gateway.method("apigateway", "ImportRestApi") == "POST"
    assert api_gateway.method("apigateway", "FlushStageCache") == "DELETE"
    assert api_gateway.method("apigatewayv2", "ReimportApi") == "PUT"
    assert api_gateway.method("apigateway", "NoSuchOperation") is None


def test_a_label_that_is_not_filled_is_a_star():
    stage = {"restApiId": "a1", "stageName": "prod"}
    arn = "arn:aws:apigateway:eu-west-1::/restapis"
    assert api_gateway.arn("apigateway", "GetStage", stage, PLACE) == f"{arn}/a1/stages/prod"
    assert api_gateway.arn("apigateway", "GetStage", {}, PLACE) == f"{arn}/*/stages/*"
