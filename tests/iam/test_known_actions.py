from apitrail.iam import known_actions


def test_actions_are_found_in_any_case_and_spelled_as_iam_does():
    assert known_actions.spelled("s3:putbucketcors") == "s3:PutBucketCORS"
    assert known_actions.spelled("s3:NoSuchAction") is None
    assert known_actions.spelled("nosuch:GetObject") is None


def test_an_action_that_tags_is_tagging():
    assert known_actions.listed("sqs:TagQueue").level == "Tagging"


def test_a_bucket_is_no_object():
    bucket = known_actions.listed("s3:DeleteBucket").kinds[-1]
    assert bucket.fits("arn:aws:s3:::films")
    assert not bucket.fits("arn:aws:s3:::films/a.jpg")


def test_names_may_have_slashes():
    [group] = known_actions.listed("logs:CreateLogGroup").kinds
    assert group.fits("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f")


def test_one_of_which_only_the_place_is_known():
    [key] = known_actions.listed("kms:DisableKey").kinds
    told = key.unknown(partition="aws", region="eu-west-1", account=None)
    assert told == "arn:aws:kms:eu-west-1:*:key/*"
