"""Where rules meet: sets that may be absent, several conditions at once, administrators with limits, keys of sessions, what goes along with a copy."""

import json

from cloud import A, B, Bucket, allow, client, deny, document, fresh, managed, role, said, session, tags, user
from roles import ACTIONS, become, trusting

DENIED = "AccessDenied: "


def run(report):
    conditions(report.case)
    statements(report.case)
    sessions(report.case)
    administrators(report.case)
    objects(report.case)
    keys(report.case)


def conditions(case):
    bucket, iam = Bucket(A), client("iam", A)
    name, arn, ann = user(A, tagged={"team": "iris", "level": "7"})
    team, level, absent = (f"aws:PrincipalTag/{key}" for key in ["team", "level", "none"])
    wanted = "s3:RequestObjectTagKeys"
    put = lambda *found: iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(*found))

    def may(condition, call=bucket.get):
        put(allow(condition=condition))
        return call(ann)

    def unless(condition, call=bucket.get):
        put(allow(), deny(condition=condition))
        return call(ann)

    two = lambda who: bucket.put(who, Tagging="stage=prod&team=a")
    for rule, expected, condition, call in [
        ("ForAllValues and IfExists, absent", "ok", {"ForAllValues:StringLikeIfExists": {wanted: "x"}}, bucket.put),
        ("ForAnyValue and IfExists, absent", "ok", {"ForAnyValue:StringEqualsIfExists": {wanted: "x"}}, bucket.put),
        ("ForAnyValue and IfExists, present", DENIED, {"ForAnyValue:StringEqualsIfExists": {wanted: "x"}}, two),
        ("ForAnyValue and IfExists, one", "ok", {"ForAnyValue:StringEqualsIfExists": {wanted: "team"}}, two),
        ("ForAnyValue negated, absent", DENIED, {"ForAnyValue:StringNotEquals": {wanted: "x"}}, bucket.put),
        ("both operators", "ok", {"StringEquals": {team: "iris"}, "NumericLessThan": {level: "8"}}, bucket.get),
        ("one operator of two", DENIED, {"StringEquals": {team: "iris"}, "NumericLessThan": {level: "7"}}, bucket.get),
        ("one key of two", DENIED, {"StringEquals": {team: "iris", level: "8"}}, bucket.get),
        ("one key of two is absent", DENIED, {"StringEquals": {team: "iris", absent: "x"}}, bucket.get),
        ("one key of two is absent, IfExists", "ok", {"StringEqualsIfExists": {team: "iris", absent: "x"}}, bucket.get),
        ("absent and negated beside a key", "ok", {"StringNotEquals": {team: "rose", absent: "x"}}, bucket.get),
        ("a pattern of nothing", DENIED, {"StringLike": {team: ""}}, bucket.get),
        ("a pattern of anything, absent", DENIED, {"StringLike": {absent: "*"}}, bucket.get),
        ("a pattern in a plain operator", DENIED, {"StringEquals": {team: "ir*"}}, bucket.get),
        ("dates of a day", "ok", {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01"}}, bucket.get),
        ("seconds since 1970", "ok", {"NumericGreaterThan": {"aws:EpochTime": "1577836800"}}, bucket.get),
        ("seconds as a date", "ok", {"DateGreaterThan": {"aws:EpochTime": "2020-01-01T00:00:00Z"}}, bucket.get),
        ("the region that is asked", "ok", {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, bucket.get),
        ("the owner of a resource", "ok", {"StringEquals": {"aws:ResourceAccount": A, "s3:ResourceAccount": A}}, bucket.get),
        ("a user has no session", "ok", {"Null": {"aws:TokenIssueTime": "true", "aws:SourceIdentity": "true"}}, bucket.get),
        ("a bucket's tag, without tags", DENIED, {"Null": {"aws:ResourceTag/team": "false"}}, bucket.get),
    ]:
        case(rule, expected, may(condition, call))
    for rule, expected, condition, call in [
        ("deny with one key of two", "ok", {"StringEquals": {team: "iris", level: "8"}}, bucket.get),
        ("deny with both keys", DENIED, {"StringEquals": {team: "iris", level: "7"}}, bucket.get),
        ("deny of none of several", "ok", {"StringNotEquals": {team: ["rose", "iris"]}}, bucket.get),
        ("deny of others than several", DENIED, {"StringNotEquals": {team: ["rose", "lily"]}}, bucket.get),
        ("deny of any other tag", DENIED, {"ForAnyValue:StringNotEquals": {wanted: ["stage"]}}, two),
        ("deny of any other tag, none", "ok", {"ForAnyValue:StringNotEquals": {wanted: ["stage"]}}, bucket.put),
        ("deny of IfExists, absent", DENIED, {"StringEqualsIfExists": {absent: "x"}}, bucket.get),
        ("deny without a session", DENIED, {"Null": {"aws:TokenIssueTime": "true"}}, bucket.get),
    ]:
        case(rule, expected, unless(condition, call))
    refused = lambda condition: said(put, allow(condition=condition))
    case("Null has no IfExists", "MalformedPolicyDocument: ", refused({"NullIfExists": {team: "true"}}))
    case("an unknown set", "MalformedPolicyDocument: ", refused({"ForSomeValues:StringEquals": {team: "x"}}))


def statements(case):
    bucket = Bucket(A)
    may = lambda *found, **more: bucket.get(user(A, *found, **more)[2])
    case("what is neither", "ok", may(allow(None, NotAction="iam:*", NotResource=f"{bucket.arn}/secret/*")))
    case("one is left out", DENIED, may(allow(None, NotAction="s3:Get*", NotResource=f"{bucket.arn}/secret/*")))
    case("both are left out", DENIED, may(allow(None, NotAction="s3:*", NotResource=f"{bucket.arn}/*")))
    case("a deny of all but one place", "ok", may(allow(), deny("s3:*", NotResource=[bucket.arn, bucket.objects])))
    case("a star inside of an action", "ok", may(allow("s3:*Object")))
    case("an action with more behind it", DENIED, may(allow("s3:*ObjectTagging")))
    case("one resource of several", "ok", may(allow(resource=["arn:aws:s3:::none/*", bucket.objects])))
    name, _, ann = user(A, allow())
    client("iam", A).attach_user_policy(UserName=name, PolicyArn=managed(A, [deny("s3:GetObject")]))
    case("a managed deny and an own allow", DENIED, bucket.get(ann))
    # Everyone but one is allowed: the anonymous are among them, but never who is left out.
    left, arn, _ = user(A)
    open_to = Bucket(A, allow("s3:GetObject", NotPrincipal={"AWS": [A, arn]}), opened=True)
    case("all but one are allowed, another of the account", "ok", open_to.get(user(A)[2]))
    case("all but one are allowed, that one", DENIED, open_to.get(client_keys(left)))


def client_keys(name):
    return client("iam", A).create_access_key(UserName=name)["AccessKey"]


def sessions(case):
    bucket = Bucket(A)
    held = lambda condition: bucket.get(session(role(A, allow(condition=condition))))
    case("a session without a second factor", "ok", held({"Bool": {"aws:MultiFactorAuthPresent": "false"}}))
    case("the age of no second factor", "ok", held({"Null": {"aws:MultiFactorAuthAge": "true"}}))
    case("when a session began", "ok", held({"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}))
    case("a role of one's own is no federation", "ok", held({"Null": {"aws:FederatedProvider": "true"}}))
    cut = session(role(A, allow("*")), [allow("s3:*")])
    case("a session policy without roles", DENIED, become(cut, role(A)))
    able = session(role(A, allow("*")), [allow(["s3:*", "sts:*"])])
    case("a session policy with roles", "ok", become(able, role(A)))
    name = fresh("self")
    own = f"arn:aws:iam::{A}:role/{name}"
    client("iam", A).create_role(RoleName=name, AssumeRolePolicyDocument=document(*trusting(A, action=ACTIONS)))
    itself = session(own)
    case("a role becomes itself by no right of its own", DENIED, become(itself, own))
    client("iam", A).put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(allow("sts:AssumeRole")))
    case("a role becomes itself", "ok", become(itself, own))
    # A policy that changes counts for the sessions that there are.
    client("iam", A).put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document(deny("*")))
    case("a deny that comes later", DENIED, become(itself, own))
    case("who one is needs no right", "ok", said(client("sts", itself).get_caller_identity))
    # Limits of every hop: what the first session may not does not bind the second.
    second = role(B, allow(), trust=trusting(role_of(able), action=ACTIONS))
    hop = client("sts", able).assume_role(RoleArn=second, RoleSessionName="s2")["Credentials"]
    case("a chain leaves the first session's policy behind", "ok", Bucket(B).put(hop))


def role_of(credentials):
    arn = client("sts", credentials).get_caller_identity()["Arn"]
    account, name = arn.split(":")[4], arn.split("/")[1]
    return f"arn:aws:iam::{account}:role/{name}"


def administrators(case):
    iam = client("iam", A)
    limit, other = managed(A, [allow()]), managed(A, [allow("ec2:*")])
    bounded = {"StringEquals": {"iam:PermissionsBoundary": limit}}
    _, _, admin = user(
        A,
        allow(["iam:CreateUser", "iam:PutUserPermissionsBoundary", "iam:PutUserPolicy"], condition=bounded),
        allow("iam:AttachUserPolicy", condition={"ArnEquals": {"iam:PolicyARN": limit}}),
        allow("iam:TagUser", condition={"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}),
        allow("iam:CreateAccessKey", f"arn:aws:iam::{A}:user/${{aws:username}}"),
    )
    mine = client("iam", admin)
    create = lambda **more: said(mine.create_user, UserName=fresh("made"), **more)
    case("a user without a boundary", DENIED, create())
    case("a user with another boundary", DENIED, create(PermissionsBoundary=other))
    case("a user with the boundary", "ok", create(PermissionsBoundary=limit))
    free, tied = user(A)[0], user(A, boundary=[allow()])[0]
    iam.put_user_permissions_boundary(UserName=tied, PermissionsBoundary=limit)
    write = lambda name: said(mine.put_user_policy, UserName=name, PolicyName="p", PolicyDocument=document(allow()))
    case("a policy for whoever has the boundary", "ok", write(tied))
    case("a policy for whoever has none", DENIED, write(free))
    bind = lambda name, arn: said(mine.put_user_permissions_boundary, UserName=name, PermissionsBoundary=arn)
    case("the boundary for whoever has none", "ok", bind(user(A)[0], limit))
    case("another boundary", DENIED, bind(tied, other))
    case("to take the boundary away", DENIED, said(mine.delete_user_permissions_boundary, UserName=tied))
    case("the policy that may be attached", "ok", said(mine.attach_user_policy, UserName=free, PolicyArn=limit))
    case("another policy", DENIED, said(mine.attach_user_policy, UserName=free, PolicyArn=other))
    case("a tag that is known", "ok", said(mine.tag_user, UserName=free, Tags=tags({"team": "iris"})))
    case("a tag that is not", DENIED, said(mine.tag_user, UserName=free, Tags=tags({"team": "iris", "x": "y"})))
    case("an own key", "ok", said(mine.create_access_key))
    case("another's key", DENIED, said(mine.create_access_key, UserName=free))
    _, _, lead = user(A, allow("iam:CreateRole", f"arn:aws:iam::{A}:role/team/*"))
    make = lambda path: said(
        client("iam", lead).create_role,
        RoleName=fresh("made"),
        Path=path,
        AssumeRolePolicyDocument=document(*trusting(A)),
    )
    case("a role below the path", "ok", make("/team/a/"))
    case("a role beside the path", DENIED, make("/"))
    tagged = user(A, tagged={"team": "iris"})[0]
    _, _, keeper = user(A, allow("iam:*", condition={"StringEquals": {"iam:ResourceTag/team": "iris"}}))
    case("a user with the tag", "ok", said(client("iam", keeper).get_user, UserName=tagged))
    case("a user without the tag", DENIED, said(client("iam", keeper).get_user, UserName=tied))
    case("what has no tag at all", DENIED, said(client("iam", keeper).list_users))


def objects(case):
    bucket = Bucket(A)
    bucket.owner.put_object(Bucket=bucket.name, Key="models/tagged", Body=b"x", Tagging="stage=prod")
    plain, tagging = ["s3:GetObject", "s3:PutObject"], ["s3:GetObjectTagging", "s3:PutObjectTagging"]

    def copy(who, key="models/tagged", **more):
        source = {"Bucket": bucket.name, "Key": key}
        return said(client("s3", who).copy_object, Bucket=bucket.name, Key="copies/x", CopySource=source, **more)

    _, _, simple = user(A, allow(plain))
    case("a copy of what has no tags", "ok", copy(simple, "models/iris"))
    case("tags go along with a copy", "ok", copy(user(A, allow(plain + tagging))[2]))
    case("tags of a source that may not be read", DENIED, copy(user(A, allow([*plain, tagging[1]]))[2]))
    case("tags of a copy that may not be written", DENIED, copy(user(A, allow([*plain, tagging[0]]))[2]))
    case("tags that are left behind", "ok", copy(simple, TaggingDirective="REPLACE"))
    # Each of many is decided by itself.
    _, _, sweeper = user(A, allow("s3:DeleteObject", f"{bucket.arn}/copies/*"))
    wanted = {"Objects": [{"Key": "copies/x"}, {"Key": "models/tagged"}]}
    swept = client("s3", sweeper).delete_objects(Bucket=bucket.name, Delete=wanted)
    found = [[e["Key"] for e in swept.get("Deleted", [])], [(e["Key"], e["Code"]) for e in swept.get("Errors", [])]]
    expected = [["copies/x"], [("models/tagged", "AccessDenied")]]
    case("some of many", "ok", "ok" if found == expected else json.dumps(found))
    call = lambda who, name, **more: said(getattr(client("s3", who), name), Bucket=bucket.name, **more)
    lister = user(A, allow("s3:ListBucket"))[2]
    case("versions are another list", DENIED, call(lister, "list_object_versions"))
    case("a list of versions", "ok", call(user(A, allow("s3:ListBucketVersions"))[2], "list_object_versions"))
    case("where a bucket is", DENIED, call(lister, "get_bucket_location"))
    case("tags of an object are no object", DENIED, call(simple, "get_object_tagging", Key="models/tagged"))
    case("the policy of a bucket", DENIED, call(lister, "get_bucket_policy"))
    encrypted = deny("s3:PutObject", Principal="*", condition={"Null": {"s3:x-amz-server-side-encryption": "true"}})
    strict = Bucket(A, encrypted, key=None)
    case("root is denied, too", DENIED, strict.put(A))
    case("root with what is asked for", "ok", strict.put(A, ServerSideEncryption="AES256"))


def keys(case):
    key = client("kms", A).create_key()["KeyMetadata"]["Arn"]
    bucket = Bucket(A, key=None)
    bucket.owner.put_object(
        Bucket=bucket.name, Key="models/iris", Body=b"iris", ServerSideEncryption="aws:kms", SSEKMSKeyId=key
    )
    able = [allow("s3:*"), allow("kms:*")]
    case("a boundary without the key", DENIED, bucket.get(user(A, *able, boundary=[allow("s3:*")])[2]))
    case("a boundary with the key", "ok", bucket.get(user(A, *able, boundary=able)[2]))
    reader = role(A, *able)
    case("a session policy without the key", DENIED, bucket.get(session(reader, [allow("s3:*")])))
    via = {"StringLike": {"kms:ViaService": "s3.*.amazonaws.com"}}
    _, _, only = user(A, allow("s3:*"), allow("kms:Decrypt", key, via))
    case("a key by way of S3, whatever the region", "ok", bucket.get(only))
    sealed = client("kms", A).encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
    direct = lambda who, **more: said(client("kms", who).decrypt, CiphertextBlob=sealed, KeyId=key, **more)
    case("a key not by way of S3", "AccessDeniedException: ", direct(only))
    _, _, never = user(A, *able, deny("kms:*", condition={"Null": {"kms:ViaService": "true"}}))
    case("a deny of direct use", "AccessDeniedException: ", direct(never))
    case("a deny of direct use, by way of S3", "ok", bucket.get(never))
    seal = lambda who, **context: said(
        client("kms", who).encrypt, KeyId=key, Plaintext=b"x", EncryptionContext=context
    )
    _, _, told = user(A, allow("kms:Encrypt", condition={"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team"]}}))
    case("a context of known keys", "ok", seal(told, team="iris"))
    case("a context of other keys", "AccessDeniedException: ", seal(told, team="iris", stage="prod"))
    case("no context at all", "ok", seal(told))
    own = {"StringEquals": {"kms:EncryptionContext:team": "${aws:PrincipalTag/team}"}}
    _, _, ann = user(A, allow("kms:Encrypt", condition=own), tagged={"team": "iris"})
    case("a context like the caller's tag", "ok", seal(ann, team="iris"))
    case("a context unlike the caller's tag", "AccessDeniedException: ", seal(ann, team="rose"))
    case("no context like the caller's tag", "AccessDeniedException: ", seal(ann))
