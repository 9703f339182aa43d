#!/usr/bin/env python3
"""Sets up two accounts with boto3, an OpenID Connect issuer over HTTPS, roles and a key, and calls them.

    proofmark aws -- python3 ci/aws/accounts.py

Needs boto3 and openssl; the AWS CLI is asked too if it is installed. Ends with 0 if everything is as AWS has it.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time

import boto3
from botocore.exceptions import ClientError

from issuer import SUBJECT, Issuer

WORKLOADS, MODELS = "111111111111", "222222222222"


def client(service, account=None, credentials=None):
    if credentials:
        keys = dict(
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
        )
    else:
        keys = dict(aws_access_key_id=account, aws_secret_access_key="test")
    return boto3.client(service, **keys)


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{call.__name__} was not refused with {code}")


def main():
    iam, other = client("iam", WORKLOADS), client("iam", MODELS)

    # A user of one account, a role of the other.
    ann = iam.create_user(UserName="ann", Tags=[{"Key": "team", "Value": "iris"}])["User"]
    assert ann["Arn"] == f"arn:aws:iam::{WORKLOADS}:user/ann", ann
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    trust = policy({"Effect": "Allow", "Principal": {"AWS": ann["Arn"]}, "Action": "sts:AssumeRole"})
    role = other.create_role(RoleName="reader", AssumeRolePolicyDocument=trust, MaxSessionDuration=7200)["Role"]
    other.attach_role_policy(RoleName="reader", PolicyArn="arn:aws:iam::aws:policy/IAMReadOnlyAccess")
    sts = client("sts", credentials=key)
    assert sts.get_caller_identity()["Arn"] == ann["Arn"]
    message = refused("AccessDenied", sts.assume_role, RoleArn=role["Arn"], RoleSessionName="s1")
    assert message.startswith(f"User: {ann['Arn']} is not authorized to perform: sts:AssumeRole"), message
    grant = policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role["Arn"]})
    iam.put_user_policy(UserName="ann", PolicyName="assume", PolicyDocument=grant)
    session = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="s1", DurationSeconds=7200)["Credentials"]
    there = client("iam", credentials=session)
    assert [r["RoleName"] for page in there.get_paginator("list_roles").paginate() for r in page["Roles"]] == ["reader"]
    refused("AccessDenied", there.create_user, UserName="bob")
    assert there.get_role(RoleName="reader")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust)

    # A token of an issuer that the second account trusts.
    with tempfile.TemporaryDirectory() as folder:
        issuer = Issuer(folder)
        made = other.create_open_id_connect_provider(
            Url=issuer.url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=[issuer.thumbprint]
        )
        provider, name = made["OpenIDConnectProviderArn"], issuer.url.removeprefix("https://")
        trust = policy(
            {
                "Effect": "Allow",
                "Principal": {"Federated": provider},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": {f"{name}:sub": SUBJECT, f"{name}:aud": "sts.amazonaws.com"}},
            }
        )
        irsa = other.create_role(RoleName="irsa", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        anonymous = boto3.client("sts", config=boto3.session.Config(signature_version=boto3.session.botocore.UNSIGNED))

        def exchange(token):
            parameters = dict(RoleArn=irsa, RoleSessionName="s1", WebIdentityToken=token)
            return anonymous.assume_role_with_web_identity(**parameters)

        good = exchange(issuer.token())
        assert good["SubjectFromWebIdentityToken"] == SUBJECT and good["Provider"] == provider, good
        refused("AccessDenied", exchange, token=issuer.token(sub="system:serviceaccount:team:other"))
        refused("InvalidIdentityToken", exchange, token=issuer.token(aud="other"))
        refused("ExpiredTokenException", exchange, token=issuer.token(exp=int(time.time()) - 5))
        other.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=provider, ThumbprintList=["0" * 40])
        message = refused("InvalidIdentityToken", exchange, token=issuer.token())
        assert "thumbprint" in message, message

    # A key of the second account, for a user of the first.
    kms = client("kms", MODELS)
    arn = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/models", TargetKeyId=arn)
    sealed = kms.encrypt(KeyId="alias/models", Plaintext=b"iris", EncryptionContext={"team": "iris"})["CiphertextBlob"]
    iam.put_user_policy(
        UserName="ann",
        PolicyName="open",
        PolicyDocument=policy({"Effect": "Allow", "Action": "kms:*", "Resource": arn}),
    )
    mine = client("kms", credentials=key)
    opening = dict(CiphertextBlob=sealed, EncryptionContext={"team": "iris"})
    refused("AccessDeniedException", mine.decrypt, **opening)
    kms.create_grant(KeyId=arn, GranteePrincipal=ann["Arn"], Operations=["Decrypt"])
    assert mine.decrypt(**opening)["Plaintext"] == b"iris"
    refused("InvalidCiphertextException", mine.decrypt, CiphertextBlob=sealed)

    # An organisation that takes a permission away from both.
    organizations = client("organizations", "333333333333")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    created = organizations.create_account(AccountName="team", Email="team@example.com")["CreateAccountStatus"]
    deny = policy({"Effect": "Deny", "Action": "iam:*", "Resource": "*"})
    control = organizations.create_policy(Name="no-iam", Description="", Type="SERVICE_CONTROL_POLICY", Content=deny)
    organizations.attach_policy(PolicyId=control["Policy"]["PolicySummary"]["Id"], TargetId=root)
    message = refused("AccessDenied", client("iam", created["AccountId"]).list_users)
    assert message.endswith("with an explicit deny in a service control policy"), message

    if shutil.which("aws"):
        environment = {**os.environ, "AWS_ACCESS_KEY_ID": MODELS, "AWS_PAGER": ""}
        run = lambda *words: subprocess.run(
            ["aws", *words], check=True, capture_output=True, text=True, env=environment
        )
        assert MODELS in run("sts", "get-caller-identity").stdout
        assert '"reader"' in run("iam", "list-roles").stdout
    print("as AWS has it")


if __name__ == "__main__":
    main()
