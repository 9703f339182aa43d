"""Who may become what by AssumeRole."""

from cloud import (
    A,
    B,
    C,
    Bucket,
    allow,
    client,
    deny,
    document,
    fresh,
    role,
    said,
    session,
    session_arn,
    user,
)

ACTIONS = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]


def run(report):
    assume(report.case)
    parameters(report.case)
    chains(report.case)


def trusting(principal, condition=None, action="sts:AssumeRole"):
    principal = principal if isinstance(principal, dict) else {"AWS": principal}
    return [allow(action, None, condition, Principal=principal)]


def become(who, arn, name="s1", **more):
    return said(client("sts", who).assume_role, RoleArn=arn, RoleSessionName=name, **more)


def refused(who, arn, action="sts:AssumeRole"):
    return f"AccessDenied: User: {who} is not authorized to perform: {action} on resource: {arn}"


def assume(case):
    _, arn, ann = user(A)
    _, able_arn, able = user(A, allow("sts:AssumeRole"))
    own = role(A, trust=trusting(arn))
    case("named in one account", "ok", become(ann, own))
    case("not named in one account", refused(able_arn, own), become(able, own))
    delegated = role(A, trust=trusting(A))
    case(
        "account in one account",
        refused(arn, delegated) + " because no identity-based policy allows the sts:AssumeRole action",
        become(ann, delegated),
    )
    case("account and identity", "ok", become(able, delegated))
    there = role(B, trust=trusting([arn, able_arn]))
    case("named across accounts needs identity", refused(arn, there), become(ann, there))
    case("named across accounts with identity", "ok", become(able, there))
    for principal, expected in [(A, "ok"), (B, "AccessDenied"), ("*", "ok"), ([B, C], "AccessDenied")]:
        case(f"trust in {principal}", expected, become(able, role(B, trust=trusting(principal))))
    missing = f"arn:aws:iam::{B}:role/not-there"
    case("a role that is not there", refused(able_arn, missing), become(able, missing))
    case("root", "AccessDenied: Roles may not be assumed by root accounts.", become(A, delegated))
    case(
        "trust denies",
        "AccessDenied",
        become(able, role(A, trust=[*trusting(A), deny("sts:AssumeRole", None, Principal={"AWS": able_arn})])),
    )
    open_to_all = role(B, trust=trusting(A))
    denied = user(A, allow("sts:*"), deny("sts:AssumeRole", open_to_all))
    case("own deny", refused(denied[1], open_to_all), become(denied[2], open_to_all))
    external = role(B, trust=trusting(A, {"StringEquals": {"sts:ExternalId": "e-1"}}))
    case("external id missing", refused(able_arn, external), become(able, external))
    case("external id wrong", refused(able_arn, external), become(able, external, ExternalId="e-2"))
    case("external id right", "ok", become(able, external, ExternalId="e-1"))
    case("external id not asked for", "ok", become(able, role(B, trust=trusting(A)), ExternalId="e-1"))
    named = role(A, trust=trusting(A, {"StringLike": {"sts:RoleSessionName": "${aws:username}"}}))
    case("session's name", "ok", become(able, named, name=able_arn.split("/")[-1]))
    case("another session's name", "AccessDenied", become(able, named, name="other"))
    tagged = role(A, trust=trusting(A, {"StringEquals": {"aws:PrincipalTag/team": "iris"}}))
    case("tag of the caller", "ok", become(user(A, allow("sts:*"), tagged={"team": "iris"})[2], tagged))
    case("no tag of the caller", "AccessDenied", become(able, tagged))
    by_tag = user(A, allow("sts:AssumeRole", condition={"StringEquals": {"aws:ResourceTag/team": "iris"}}))[2]
    case("tag of the role", "ok", become(by_tag, role(A, trust=trusting(A), tagged={"team": "iris"})))
    case("no tag of the role", "AccessDenied", become(by_tag, role(A, trust=trusting(A))))
    mfa = role(A, trust=trusting(A, {"Bool": {"aws:MultiFactorAuthPresent": "true"}}))
    case("without a second factor", "AccessDenied", become(able, mfa))
    case(
        "second factor, if there is a key",
        "ok",
        become(able, role(A, trust=trusting(A, {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}))),
    )
    create = lambda text: said(client("iam", A).create_role, RoleName=fresh("role"), AssumeRolePolicyDocument=text)
    nobody = f"arn:aws:iam::{A}:user/nobody"
    case(
        "trust in nobody",
        f'MalformedPolicyDocument: Invalid principal in policy: "AWS":"{nobody}"',
        create(document(*trusting(nobody))),
    )
    case(
        "trust with a resource",
        "MalformedPolicyDocument: Has prohibited field Resource",
        create(document(allow("sts:AssumeRole", "*", Principal={"AWS": A}))),
    )
    case("trust without principals", "MalformedPolicyDocument: ", create(document(allow("sts:AssumeRole", None))))
    name, gone_arn, gone = user(A)
    pinned = role(A, trust=trusting(gone_arn))
    case("pinned, before", "ok", become(gone, pinned))
    iam = client("iam", A)
    iam.delete_access_key(UserName=name, AccessKeyId=gone["AccessKeyId"])
    iam.delete_user(UserName=name)
    iam.create_user(UserName=name)
    case("pinned, after", "AccessDenied", become(iam.create_access_key(UserName=name)["AccessKey"], pinned))
    inactive = user(A, allow("sts:*"))
    iam.update_access_key(UserName=inactive[0], AccessKeyId=inactive[2]["AccessKeyId"], Status="Inactive")
    case(
        "a key that is off",
        "InvalidClientTokenId: The security token included in the request is invalid.",
        become(inactive[2], delegated),
    )
    case(
        "an unknown key",
        "InvalidClientTokenId: ",
        become({"AccessKeyId": "AKIAUNKNOWNUNKNOWN00", "SecretAccessKey": "x"}, delegated),
    )
    case("a wrong secret", "SignatureDoesNotMatch: ", become({**able, "SecretAccessKey": "x"}, delegated))
    temporary = session(role(A, allow("sts:*")))
    case(
        "a temporary key without its token",
        "InvalidClientTokenId: ",
        become({**temporary, "SessionToken": None}, delegated),
    )
    case(
        "a token of another",
        "InvalidClientTokenId: ",
        become({**temporary, "SessionToken": session(role(A))["SessionToken"]}, delegated),
    )
    case("nobody", "MissingAuthenticationToken: ", said(client("sts").get_caller_identity))


def parameters(case):
    _, _, able = user(A, allow("sts:*"))
    plain, long = role(A), role(A, MaxSessionDuration=7200)
    exceeds = "ValidationError: The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    case("an hour", "ok", become(able, plain, DurationSeconds=3600))
    case("more than an hour", exceeds, become(able, plain, DurationSeconds=3601))
    case("two hours where allowed", "ok", become(able, long, DurationSeconds=7200))
    case("more than two hours", exceeds, become(able, long, DurationSeconds=7201))
    case(
        "too short",
        "ValidationError: 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
        become(able, plain, DurationSeconds=899),
    )
    case(
        "a name with a space",
        "ValidationError: 1 validation error detected: Value 's 1' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
        become(able, plain, name="s 1"),
    )
    case("a policy that is none", "MalformedPolicyDocument: ", become(able, plain, Policy="{"))
    case(
        "a policy that is too long",
        "ValidationError: ",
        become(able, plain, Policy=document(*[allow(resource="arn:aws:s3:::" + "b" * 60 + str(i)) for i in range(30)])),
    )
    case(
        "a managed policy that is not there",
        "MalformedPolicyDocument: ",
        become(able, plain, PolicyArns=[{"arn": f"arn:aws:iam::{A}:policy/none"}]),
    )
    case("an ARN that is none", "ValidationError: ", become(able, "arn:aws:iam::111111111111:user/ann"))
    tag = lambda *keys: [{"Key": key, "Value": "v"} for key in keys]
    untagged = role(A, trust=trusting(A))
    case("tags that trust does not allow", "AccessDenied", become(able, untagged, Tags=tag("a")))
    case("a source identity that trust does not allow", "AccessDenied", become(able, untagged, SourceIdentity="ann1"))
    case("tags", "ok", become(able, plain, Tags=tag("a", "b"), TransitiveTagKeys=["a"]))
    case(
        "tags twice",
        "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        become(able, plain, Tags=tag("a", "A")),
    )
    case(
        "a transitive key that is no tag",
        "InvalidParameterValue: ",
        become(able, plain, Tags=tag("a"), TransitiveTagKeys=["b"]),
    )
    held = role(
        A,
        trust=trusting(
            A,
            {
                "StringEquals": {"aws:RequestTag/team": "${aws:PrincipalTag/team}"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
            },
            ACTIONS,
        ),
    )
    iris = user(A, allow("sts:*"), tagged={"team": "iris"})[2]
    case("a tag like the caller's", "ok", become(iris, held, Tags=[{"Key": "team", "Value": "iris"}]))
    case("a tag unlike the caller's", "AccessDenied", become(iris, held, Tags=[{"Key": "team", "Value": "rose"}]))
    case(
        "a tag too many",
        "AccessDenied",
        become(iris, held, Tags=[{"Key": "team", "Value": "iris"}, {"Key": "x", "Value": "y"}]),
    )


def chains(case):
    first = role(A, allow("sts:*"), allow())
    last = role(
        B,
        allow(condition={"StringEquals": {"aws:PrincipalTag/team": "iris"}}),
        trust=trusting(first, action=ACTIONS),
        MaxSessionDuration=43200,
    )
    here = session(first)
    case("a chain", "ok", become(here, last))
    case(
        "a chain over an hour",
        "ValidationError: The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        become(here, last, DurationSeconds=3601),
    )
    case("a chain from a session by name", "ok", become(here, role(B, trust=trusting(session_arn(first)))))
    case(
        "a chain from another session",
        "AccessDenied",
        become(session(first, name="other"), role(B, trust=trusting(session_arn(first)))),
    )
    bucket = Bucket(B, key="models/iris")
    there = lambda **tags: client("sts", session(first, **tags)).assume_role(RoleArn=last, RoleSessionName="s2")[
        "Credentials"
    ]
    iris = [{"Key": "team", "Value": "iris"}]
    case("a transitive tag goes on", "ok", bucket.get(there(Tags=iris, TransitiveTagKeys=["team"])))
    case("another tag does not", "AccessDenied", bucket.get(there(Tags=iris)))
    carried = session(first, Tags=iris, TransitiveTagKeys=["team"], SourceIdentity="ann1")
    case(
        "a transitive tag cannot be set again",
        "InvalidParameterValue: One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session",
        become(carried, last, Tags=iris),
    )
    case("a source identity cannot be changed", "AccessDenied", become(carried, last, SourceIdentity="bob1"))
    case(
        "the caller", "ok", "ok" if client("sts", here).get_caller_identity()["Arn"] == session_arn(first) else "other"
    )
