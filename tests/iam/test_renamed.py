from apitrail.aws.find import index
from apitrail.iam import known_actions
from apitrail.iam.authorised import own_names
from apitrail.iam.renamed import PREFIXES, RENAMED, renamed


def test_every_name_in_the_table_is_one_of_iams():
    wrong = [
        (service, operation, each.name)
        for service, operation in RENAMED
        for each in own_names(service, operation)[1]
        if not each.known
    ]
    assert not wrong


def test_every_operation_in_the_table_is_one_of_botocores():
    known = {
        (service.name, operation)
        for service in index.load().services
        for operation in service.operations.values()
    }
    assert set(RENAMED) - known == {("s3", "PostObject")}  # a form of a browser


def test_every_prefix_in_the_table_is_one_of_iams():
    assert all(map(known_actions.has_service, PREFIXES.values()))


def test_an_operation_that_acts_on_a_budget_keeps_its_own_name():
    assert renamed("budgets", "ExecuteBudgetAction") == ()
    assert renamed("budgets", "DeleteSubscriber") == ("ModifyBudget",)
