"""Every client with nothing but the token of a service account: the cluster issues it, STS asks the cluster for its keys."""

import json
import os

from client import equal, run, service

NAME = "tokens of a cluster"


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


def play(steps):
    run("kubectl", "create", "namespace", "team")
    for name in ["models", "other"]:
        run("kubectl", "create", "serviceaccount", name, "-n", "team")
    account, issuer = service("sts").get_caller_identity()["Account"], os.environ["EKS_OIDC_ISSUER"].removeprefix(
        "https://"
    )
    trust = policy(
        Principal={"Federated": f"arn:aws:iam::{account}:oidc-provider/{issuer}"},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition={
            "StringEquals": {f"{issuer}:sub": "system:serviceaccount:team:models", f"{issuer}:aud": "sts.amazonaws.com"}
        },
    )
    iam, s3 = service("iam"), service("s3")
    arn = iam.create_role(RoleName="pods", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    resources = ["arn:aws:s3:::models", "arn:aws:s3:::models/*"]
    read = policy(Action=["s3:ListBucket", "s3:GetObject"], Resource=resources)
    iam.put_role_policy(RoleName="pods", PolicyName="read", PolicyDocument=read)
    s3.create_bucket(Bucket="models")
    s3.put_object(Bucket="models", Key="iris", Body=b"iris")

    def pod(name, audience="sts.amazonaws.com"):
        """The variables of a pod of this service account, and no keys."""
        token = steps.folder / f"token-{name}"
        token.write_text(run("kubectl", "create", "token", name, "-n", "team", "--audience", audience))
        none = dict.fromkeys(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "")
        return {**none, "AWS_ROLE_ARN": arn, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_SESSION_NAME": "pod"}

    get = "import boto3; print(boto3.client('s3').get_object(Bucket='models', Key='iris')['Body'].read().decode())"
    commands = {"boto3": ["python", "-c", get], "AWS CLI": ["aws", "s3", "cp", "s3://models/iris", "-"]}
    for client, words in commands.items():
        with steps.step(client):
            equal(run(*words, **pod("models")), "iris")
        with steps.step(f"{client}, as another service account"):
            said = run(*words, code=1, **pod("other"))
            assert "Not authorized to perform sts:AssumeRoleWithWebIdentity" in said, said
        with steps.step(f"{client}, with a token for somebody else"):
            said = run(*words, code=1, **pod("models", "https://kubernetes.default.svc"))
            assert "Incorrect token audience" in said, said
