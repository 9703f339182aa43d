"""What users ask for themselves and for others, and what the simulator says of policies."""

import json

from cloud import A, Bucket, allow, client, deny, document, role, said, user
from roles import become, trusting


def run(report):
    for_oneself(report.case)
    simulated(report.case)


def for_oneself(case):
    bucket = Bucket(A)
    name, arn, ann = user(A, allow(), allow("sts:GetFederationToken"), allow("iam:*"))
    mine = client("sts", ann).get_session_token()["Credentials"]
    case("own session", "ok", bucket.get(mine))
    case("own session is the user", "ok", "ok" if client("sts", mine).get_caller_identity()["Arn"] == arn else "other")
    case(
        "own session and IAM",
        "InvalidClientTokenId: The security token included in the request is invalid",
        said(client("iam", mine).list_users),
    )
    case(
        "own session asks for another",
        "AccessDenied: Cannot call GetSessionToken with session credentials",
        said(client("sts", mine).get_session_token),
    )

    def federate(who=ann, called="bob", *statements, **more):
        policy = {"Policy": document(*statements)} if statements else {}
        return client("sts", who).get_federation_token(Name=called, **policy, **more)

    token = federate(ann, "bob", allow("s3:GetObject"))
    bob = token["Credentials"]
    federated = f"arn:aws:sts::{A}:federated-user/bob"
    case(
        "federated user",
        "ok",
        (
            "ok"
            if token["FederatedUser"] == {"FederatedUserId": f"{A}:bob", "Arn": federated}
            else str(token["FederatedUser"])
        ),
    )
    identity = client("sts", bob).get_caller_identity()
    case(
        "federated caller",
        "ok",
        "ok" if (identity["Arn"], identity["UserId"]) == (federated, f"{A}:bob") else str(identity),
    )
    case("federated, within its policy", "ok", bucket.get(bob))
    case(
        "federated, outside of its policy",
        f'AccessDenied: User: {federated} is not authorized to perform: s3:PutObject on resource: "{bucket.arn}/models/new" because no session policy allows',
        bucket.put(bob),
    )
    case("federated without a policy", "AccessDenied", bucket.get(federate()["Credentials"]))
    case(
        "federated gets no more than the user has",
        "AccessDenied",
        said(client("kms", federate(ann, "bob", allow("kms:*"))["Credentials"]).list_keys),
    )
    open_to = Bucket(A, allow("s3:GetObject", Principal={"AWS": federated}))
    case("federated by name without a policy", "ok", open_to.get(federate()["Credentials"]))
    case("another federated name", "AccessDenied", open_to.get(federate(ann, "eve")["Credentials"]))
    case("federated and IAM", "InvalidClientTokenId: ", said(client("iam", bob).list_users))
    case("federated and roles", "AccessDenied: ", become(bob, role(A, trust=trusting(A))))
    case(
        "federated again", "AccessDenied: Cannot call GetFederationToken with session credentials", said(federate, bob)
    )
    poor = user(A, allow())
    case(
        "federation needs its action",
        f"AccessDenied: User: {poor[1]} is not authorized to perform: sts:GetFederationToken on resource: {federated} because no identity-based policy allows the sts:GetFederationToken action",
        said(federate, poor[2]),
    )
    case("a federated name with a space", "ValidationError: ", said(federate, ann, "b b"))
    case(
        "encoded messages",
        "InvalidAuthorizationMessageException: ",
        said(client("sts", A).decode_authorization_message, EncodedMessage="x"),
    )
    case(
        "encoded messages need their action",
        f"AccessDenied: User: {poor[1]} is not authorized to perform: sts:DecodeAuthorizationMessage",
        said(client("sts", poor[2]).decode_authorization_message, EncodedMessage="x"),
    )


def simulated(case):
    iam = client("iam", A)
    name, arn, ann = user(
        A, allow("s3:Get*", "arn:aws:s3:::models/*"), deny("s3:GetObjectTagging"), tagged={"team": "iris"}
    )

    def custom(*statements, actions=("s3:GetObject",), resource="arn:aws:s3:::models/iris", **more):
        results = iam.simulate_custom_policy(
            PolicyInputList=[document(*statements)], ActionNames=list(actions), ResourceArns=[resource], **more
        )
        return " ".join(result["EvalDecision"] for result in results["EvaluationResults"])

    def principal(*actions, resource="arn:aws:s3:::models/iris", source=arn, **more):
        results = iam.simulate_principal_policy(
            PolicySourceArn=source, ActionNames=list(actions), ResourceArns=[resource], **more
        )
        return " ".join(result["EvalDecision"] for result in results["EvaluationResults"])

    entry = lambda name, kind, *values: {
        "ContextKeyName": name,
        "ContextKeyType": kind,
        "ContextKeyValues": list(values),
    }
    case("custom", "allowed implicitDeny", custom(allow("s3:GetObject"), actions=["s3:GetObject", "s3:PutObject"]))
    case("custom deny", "explicitDeny", custom(allow(), deny("s3:GetObject")))
    held = allow(condition={"StringEquals": {"aws:PrincipalTag/team": "iris"}})
    case("custom without a key", "implicitDeny", custom(held))
    case(
        "custom with a key", "allowed", custom(held, ContextEntries=[entry("aws:PrincipalTag/team", "string", "iris")])
    )
    case(
        "custom boundary",
        "implicitDeny",
        custom(allow(), PermissionsBoundaryPolicyInputList=[document(allow("ec2:*"))]),
    )
    case(
        "principal",
        "allowed explicitDeny implicitDeny",
        principal("s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"),
    )
    case("principal elsewhere", "implicitDeny", principal("s3:GetObject", resource="arn:aws:s3:::other/iris"))
    case("principal and more", "allowed", principal("s3:PutObject", PolicyInputList=[document(allow("s3:PutObject"))]))
    opened = document(allow("s3:PutObject", "arn:aws:s3:::models/*", Principal={"AWS": arn}))
    case(
        "principal and the resource's policy",
        "allowed",
        principal("s3:PutObject", ResourcePolicy=opened, CallerArn=arn),
    )
    case("a role", "allowed", principal("s3:GetObject", source=role(A, allow())))
    case(
        "nobody",
        "NoSuchEntity: ",
        said(iam.simulate_principal_policy, PolicySourceArn=arn + "0", ActionNames=["s3:GetObject"]),
    )
    results = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::models/iris"]
    )
    result = results["EvaluationResults"][0]
    case(
        "what it tells",
        "ok",
        (
            "ok"
            if (result["EvalActionName"], result["EvalResourceName"]) == ("s3:GetObject", "arn:aws:s3:::models/iris")
            and result["MatchedStatements"]
            else json.dumps(result, default=str)
        ),
    )
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[document(held)])["ContextKeyNames"]
    case("keys of a policy", "ok", "ok" if keys == ["aws:PrincipalTag/team"] else str(keys))
    poor = user(A)
    case(
        "simulation needs its action",
        f"AccessDenied: User: {poor[1]} is not authorized to perform: iam:SimulatePrincipalPolicy",
        said(client("iam", poor[2]).simulate_principal_policy, PolicySourceArn=arn, ActionNames=["s3:GetObject"]),
    )
