"""An agent whose only way to AWS is a recorder: each of its tasks is a run that can be looked up.

The agent decides which commands to run; here a list stands where a language model would. Each
task goes through `apitrail exec` with its own labels, so that afterwards

    apitrail events --run last                what the last task did
    apitrail events --no-read-only            what any task may have changed
    apitrail verify                           and that nothing is missing

    python agent.py [--upstream http://localhost:4566]

The recorder sees every call, but it is no wall: an agent that may run any program could unset the
proxy. Where that matters, let its network reach nothing but the recorder.
"""

from __future__ import annotations

import subprocess
import sys

TABLE = (
    "aws dynamodb create-table --table-name notes --billing-mode PAY_PER_REQUEST"
    " --attribute-definitions AttributeName=id,AttributeType=S"
    " --key-schema AttributeName=id,KeyType=HASH --query TableDescription.TableName"
)
POLICY = "arn:aws:iam::aws:policy/AdministratorAccess"

# Task → the commands that were thought of to do it.
PLAN = {
    "who am I": ["aws sts get-caller-identity --query Arn --output text"],
    "make a place for notes": [TABLE, "aws dynamodb list-tables --query TableNames"],
    "give myself more rights": [
        f"aws iam attach-user-policy --user-name agent --policy-arn {POLICY}"
    ],
}


def act(task: str, commands: list[str], options: list[str]) -> str:
    """Carry out one task as one recorded run; what it printed."""
    script = "\n".join(commands)
    done = subprocess.run(
        ["apitrail", "exec", *options, "--label", "agent=clerk", "--label", f"task={task}",
         "--", "sh", "-c", script],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def main(options: list[str]) -> None:
    """Work through the plan."""
    for task, commands in PLAN.items():
        print(f"# {task}")
        print(act(task, commands, options))


if __name__ == "__main__":
    main(sys.argv[1:])
