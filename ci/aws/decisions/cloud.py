"""What the cases are written with: accounts, users, roles, sessions, buckets and keys, each under a name of its own."""

import itertools
import json

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

A, B, C = "111111111111", "222222222222", "333333333333"
NAMES = itertools.count()
# What a client would not even send is for the service to refuse.
CONFIG = dict(parameter_validation=False, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


def fresh(kind):
    return f"{kind}-{next(NAMES)}"


def client(service, who=None, **more):
    """A client of an account's root user, of whoever these credentials belong to, or (None) of nobody; `more` is configuration."""
    if who is None:
        return boto3.client(service, config=Config(signature_version=UNSIGNED, **CONFIG))
    if isinstance(who, str):
        who = {"AccessKeyId": who, "SecretAccessKey": "test"}
    return boto3.client(
        service,
        aws_access_key_id=who["AccessKeyId"],
        aws_secret_access_key=who["SecretAccessKey"],
        aws_session_token=who.get("SessionToken"),
        config=Config(**CONFIG, **more),
    )


def said(call, *arguments, **parameters):
    """`ok`, or `CODE: message`."""
    try:
        call(*arguments, **parameters)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error'].get('Message', '')}"
    return "ok"


def document(*statements, version="2012-10-17"):
    head = {"Version": version} if version else {}
    return json.dumps({**head, "Statement": list(statements)})


def allow(action="s3:*", resource="*", condition=None, **more):
    statement = {"Effect": "Allow", "Action": action, **more}
    if resource is not None and "NotResource" not in more:
        statement["Resource"] = resource
    if condition:
        statement["Condition"] = condition
    if "NotAction" in more:
        del statement["Action"]
    return statement


def deny(*arguments, **parameters):
    return {**allow(*arguments, **parameters), "Effect": "Deny"}


def tags(of):
    return [{"Key": key, "Value": value} for key, value in (of or {}).items()]


def user(account, *statements, boundary=None, tagged=None, path="/", version="2012-10-17"):
    """A user with these statements: (name, ARN, credentials)."""
    iam, name = client("iam", account), fresh("user")
    limit = {"PermissionsBoundary": managed(account, boundary)} if boundary is not None else {}
    arn = iam.create_user(UserName=name, Path=path, Tags=tags(tagged), **limit)["User"]["Arn"]
    if statements:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*statements, version=version))
    return name, arn, iam.create_access_key(UserName=name)["AccessKey"]


def managed(account, statements):
    made = client("iam", account).create_policy(PolicyName=fresh("policy"), PolicyDocument=document(*statements))
    return made["Policy"]["Arn"]


BROKERS = {}


def broker(account):
    """A user of an account that may assume every role which trusts its account."""
    if account not in BROKERS:
        BROKERS[account] = user(account, allow(["sts:*"]))
    return BROKERS[account]


def role(account, *statements, trust=None, boundary=None, tagged=None, path="/", **more):
    """A role with these statements, which trusts its account unless told otherwise: its ARN."""
    iam, name = client("iam", account), fresh("role")
    trust = trust or [
        allow(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], None, Principal={"AWS": account})
    ]
    if boundary is not None:
        more["PermissionsBoundary"] = managed(account, boundary)
    made = iam.create_role(
        RoleName=name, Path=path, AssumeRolePolicyDocument=document(*trust), Tags=tags(tagged), **more
    )
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(*statements))
    return made["Role"]["Arn"]


def session(arn, policy=None, name="s1", **more):
    """A session of a role, by the broker of its account: credentials."""
    if policy is not None:
        more["Policy"] = document(*policy)
    account = arn.split(":")[4]
    return client("sts", broker(account)[2]).assume_role(RoleArn=arn, RoleSessionName=name, **more)["Credentials"]


def session_arn(arn, name="s1"):
    return f"arn:aws:sts::{arn.split(':')[4]}:assumed-role/{arn.rsplit('/')[-1]}/{name}"


class Bucket:
    """A bucket with one object, `models/iris`; without Block Public Access if it shall be open."""

    def __init__(self, account, *statements, opened=False, key="models/iris", ownership=None, **put):
        self.name, self.owner = fresh("bucket"), client("s3", account)
        self.owner.create_bucket(Bucket=self.name, **({"ObjectOwnership": ownership} if ownership else {}))
        self.arn, self.objects = f"arn:aws:s3:::{self.name}", f"arn:aws:s3:::{self.name}/*"
        if opened:
            self.owner.delete_public_access_block(Bucket=self.name)
        if key:
            self.owner.put_object(Bucket=self.name, Key=key, Body=b"iris", **put)
        if statements:
            self.policy(*statements)

    def policy(self, *statements):
        """Statements whose resource is left open are about the bucket and all in it."""
        for statement in statements:
            if statement.get("Resource") == "*":
                statement["Resource"] = [self.arn, self.objects]
        self.owner.put_bucket_policy(Bucket=self.name, Policy=document(*statements))

    def get(self, who, key="models/iris", **more):
        return said(client("s3", who).get_object, Bucket=self.name, Key=key, **more)

    def head(self, who, key="models/iris", **more):
        return said(client("s3", who).head_object, Bucket=self.name, Key=key, **more)

    def put(self, who, key="models/new", **more):
        return said(client("s3", who).put_object, Bucket=self.name, Key=key, Body=b"x", **more)

    def list(self, who, **more):
        return said(client("s3", who).list_objects_v2, Bucket=self.name, **more)


class Report:
    """Cases, counted; a case holds if what was said begins with what was expected."""

    def __init__(self):
        self.held, self.failed = 0, []

    def case(self, rule, expected, found):
        if found == expected if expected == "ok" else found.startswith(expected):
            self.held += 1
        else:
            self.failed.append(f"{rule}\n    expected {expected}\n    found    {found}")
