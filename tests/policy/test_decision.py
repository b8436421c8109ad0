from apitrail.policy.decision import Decision

WHO = "arn:aws:iam::111122223333:user/mary"


def test_a_refusal_is_in_awss_words():
    denied = Decision(
        effect="deny", guard="prod", statement="NoDelete", action="ec2:TerminateInstances",
        resource="arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
    )  # fmt: skip
    assert denied.answer(WHO, 4711).startswith(
        f"User: {WHO} is not authorized to perform: ec2:TerminateInstances on resource: "
        "arn:aws:ec2:eu-west-1:111122223333:instance/i-1 with an explicit deny in guard 'prod' "
        "(statement NoDelete), entry 4711"
    )
    # Names of resources may hold secrets, and the log has them elsewhere, without.
    assert "i-1" not in denied.sentence(WHO)


def test_what_nothing_allows_and_what_cannot_be_told():
    implicit = Decision(effect="deny", guard="prod", action="s3:ListAllMyBuckets", resource="*")
    assert "because no statement of guard 'prod' allows it, entry 1" in implicit.answer(WHO, 1)
    assert "on resource" not in implicit.answer(WHO, 1)
    untold = Decision(effect="deny", guard="prod", reason="its operation is not known")
    assert "its operation is not known, entry 1" in untold.answer(WHO, 1)


def test_the_log_keeps_what_is_there():
    told = Decision(effect="allow", guard="prod", action="s3:GetObject", resource="arn:x").told()
    assert told == {"effect": "allow", "guard": "prod", "action": "s3:GetObject"}
