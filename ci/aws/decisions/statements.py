"""What statements match: actions, resources, conditions, variables."""

from cloud import A, Bucket, allow, client, deny, document, fresh, role, session, user

DENIED = "AccessDenied: "


def run(report):
    statements(report.case)
    conditions(report.case)
    variables(report.case)


def statements(case):
    b = Bucket(A)
    may = lambda *statements, **more: b.get(user(A, *statements, **more)[2])
    case("action in other letters", "ok", may(allow("S3:gEtObJeCt")))
    case("action with a question mark", "ok", may(allow("s3:Get?bject")))
    case("question mark is one character", DENIED, may(allow("s3:GetO?ject?")))
    case("an action that there is not", DENIED, may(allow(["s3:HeadObject", "s3:ListObjects"])))
    case("NotAction", "ok", may(allow(None, NotAction="iam:*")))
    case("NotAction leaves out", DENIED, may(allow(None, NotAction=["s3:GetObject"])))
    case("NotAction denies the rest", DENIED, may(allow(), deny(None, NotAction=["s3:PutObject"])))
    case("NotResource", "ok", may(allow(NotResource=f"{b.arn}/secret/*")))
    case("NotResource leaves out", DENIED, may(allow(NotResource=f"{b.arn}/models/*")))
    case("NotResource denies the rest", DENIED, may(allow(), deny(NotResource=f"{b.arn}/secret/*")))
    case("resources heed case", DENIED, may(allow(resource=f"{b.arn}/Models/*")))
    case("star over slashes", "ok", may(allow(resource="arn:aws:s3:::*/iris")))
    case("question mark in a resource", "ok", may(allow(resource=f"{b.arn}/models/?ris")))
    case("star at the end of a part reaches on", "ok", may(allow(resource="arn:aws:s3:*")))
    case("star inside of a part does not", DENIED, may(allow(resource="arn:aws:s3:*/iris")))
    case("bucket is not its objects", DENIED, may(allow(resource=b.arn)))
    case("another partition", DENIED, may(allow(resource="arn:aws-cn:s3:::*")))
    case("group", "ok", by_group(b))
    case("list needs the bucket", "ok", b.list(user(A, allow("s3:ListBucket", b.arn))[2]))
    case("list needs no object", DENIED, b.list(user(A, allow("s3:ListBucket", b.objects))[2]))


def by_group(b):
    name, _, ann = user(A)
    iam, group = client("iam", A), fresh("group")
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="own", PolicyDocument=document(allow()))
    iam.add_user_to_group(GroupName=group, UserName=name)
    return b.get(ann)


def conditions(case):
    b = Bucket(A)
    who = user(A, tagged={"team": "iris", "Level": "7"})
    name, arn, ann = who
    iam = client("iam", A)

    def may(condition, *more, call=None):
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(allow(condition=condition), *more))
        return (call or b.get)(ann)

    def unless(condition, call=None):
        iam.put_user_policy(
            UserName=name, PolicyName="own", PolicyDocument=document(allow(), deny(condition=condition))
        )
        return (call or b.get)(ann)

    absent = "aws:PrincipalTag/none"
    case("absent, positive", DENIED, may({"StringEquals": {absent: "x"}}))
    case("absent, negated", "ok", may({"StringNotEquals": {absent: "x"}}))
    case("absent, IfExists", "ok", may({"StringEqualsIfExists": {absent: "x"}}))
    case("absent, Null true", "ok", may({"Null": {absent: "true"}}))
    case("absent, Null false", DENIED, may({"Null": {absent: "false"}}))
    case("present, Null true", DENIED, may({"Null": {"aws:PrincipalTag/team": "true"}}))
    case("present, Null false", "ok", may({"Null": {"aws:PrincipalTag/team": False}}))
    case("absent, ForAllValues", "ok", may({"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}))
    case("absent, ForAnyValue", DENIED, may({"ForAnyValue:StringEquals": {"aws:TagKeys": "x"}}))
    case(
        "absent, ForAllValues and Null",
        DENIED,
        may({"ForAllValues:StringEquals": {"aws:TagKeys": "x"}, "Null": {"aws:TagKeys": "false"}}),
    )
    case("absent, deny of ForAllValues", DENIED, unless({"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}))
    case("absent, deny of negated", DENIED, unless({"StringNotEquals": {absent: "x"}}))
    case("absent, deny of negated IfExists", DENIED, unless({"StringNotEqualsIfExists": {absent: "x"}}))
    case("absent, deny of positive", "ok", unless({"StringEquals": {absent: "x"}}))
    case("absent, number", DENIED, may({"NumericLessThan": {absent: "1"}}))
    case("absent, Bool", DENIED, may({"Bool": {"aws:MultiFactorAuthPresent": "false"}}))
    case("absent, BoolIfExists", "ok", may({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
    case("absent, deny BoolIfExists", DENIED, unless({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}))
    case("key in other letters", "ok", may({"StringEquals": {"AWS:principaltag/TEAM": "iris"}}))
    case("value heeds case", DENIED, may({"StringEquals": {"aws:PrincipalTag/team": "Iris"}}))
    case("value ignores case", "ok", may({"StringEqualsIgnoreCase": {"aws:PrincipalTag/team": "IRIS"}}))
    case("one of several values", "ok", may({"StringEquals": {"aws:PrincipalTag/team": ["a", "iris"]}}))
    case("none of several values", DENIED, may({"StringNotEquals": {"aws:PrincipalTag/team": ["a", "iris"]}}))
    case("like", "ok", may({"StringLike": {"aws:PrincipalTag/team": "ir*"}}))
    case("a star in equals", DENIED, may({"StringEquals": {"aws:PrincipalTag/team": "ir*"}}))
    case("number of a tag", "ok", may({"NumericGreaterThanEquals": {"aws:PrincipalTag/Level": 7}}))
    case(
        "two operators are both needed",
        DENIED,
        may({"StringEquals": {"aws:PrincipalTag/team": "iris"}, "StringLike": {"aws:userid": "x"}}),
    )
    case(
        "two keys are both needed",
        DENIED,
        may({"StringEquals": {"aws:PrincipalTag/team": "iris", "aws:username": "x"}}),
    )
    case("an address", "ok", may({"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "127.0.0.1"]}}))
    case("not from here", DENIED, may({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}))
    case("an address of six", DENIED, may({"IpAddress": {"aws:SourceIp": "::1/128"}}))
    case("transport", "ok", unless({"Bool": {"aws:SecureTransport": "false"}}))
    case("transport that is needed", "ok", may({"Bool": {"aws:SecureTransport": "true"}}))
    case("date before", "ok", may({"DateLessThan": {"aws:CurrentTime": "2100-01-01T00:00:00Z"}}))
    case("date after", DENIED, may({"DateGreaterThan": {"aws:CurrentTime": "2100-01-01"}}))
    case("epoch", "ok", may({"NumericGreaterThan": {"aws:EpochTime": "1000000000"}}))
    case("epoch as a date", "ok", may({"DateGreaterThan": {"aws:EpochTime": "2001-09-09T01:46:40Z"}}))
    case("user's name", "ok", may({"StringEquals": {"aws:username": name}}))
    case("user's id", "ok", may({"StringLike": {"aws:userid": "AIDA*"}}))
    case("user's ARN", "ok", may({"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}))
    case("ARN by StringLike", "ok", may({"StringLike": {"aws:PrincipalArn": "arn:aws:iam::1*:user/*"}}))
    case("kind", "ok", may({"StringEquals": {"aws:PrincipalType": "User"}}))
    case("region", "ok", may({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}))
    case("the resource's account", "ok", may({"StringEquals": {"aws:ResourceAccount": A, "s3:ResourceAccount": A}}))
    case("agent", "ok", may({"StringLike": {"aws:UserAgent": "*Boto3*"}}))
    case("prefix", "ok", may({"StringLike": {"s3:prefix": "models/*"}}, call=lambda w: b.list(w, Prefix="models/i")))
    case(
        "another prefix",
        DENIED,
        may({"StringLike": {"s3:prefix": "models/*"}}, call=lambda w: b.list(w, Prefix="other")),
    )
    case("no prefix", DENIED, may({"StringLike": {"s3:prefix": "*"}}, call=b.list))
    case("empty prefix", "ok", may({"StringEquals": {"s3:prefix": ""}}, call=lambda w: b.list(w, Prefix="")))
    case("delimiter", "ok", may({"StringEquals": {"s3:delimiter": "/"}}, call=lambda w: b.list(w, Delimiter="/")))
    case("few keys", "ok", may({"NumericLessThanEquals": {"s3:max-keys": "10"}}, call=lambda w: b.list(w, MaxKeys=10)))
    case(
        "many keys", DENIED, may({"NumericLessThanEquals": {"s3:max-keys": "10"}}, call=lambda w: b.list(w, MaxKeys=11))
    )
    case(
        "signature",
        "ok",
        may({"StringEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256", "s3:authType": "REST-HEADER"}}),
    )
    case(
        "tags of a write",
        "ok",
        may({"StringEquals": {"s3:RequestObjectTag/stage": "prod"}}, call=lambda w: b.put(w, Tagging="stage=prod")),
    )
    case(
        "other tags of a write",
        DENIED,
        may({"StringEquals": {"s3:RequestObjectTag/stage": "prod"}}, call=lambda w: b.put(w, Tagging="stage=dev")),
    )
    case(
        "only known tags",
        "ok",
        may(
            {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["stage", "team"]}},
            call=lambda w: b.put(w, Tagging="stage=prod&team=a"),
        ),
    )
    case(
        "an unknown tag",
        DENIED,
        may(
            {"ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["stage"]}},
            call=lambda w: b.put(w, Tagging="stage=prod&team=a"),
        ),
    )
    b.owner.put_object(Bucket=b.name, Key="models/tagged", Body=b"x", Tagging="stage=prod")
    case(
        "tags of an object",
        "ok",
        may({"StringEquals": {"s3:ExistingObjectTag/stage": "prod"}}, call=lambda w: b.get(w, "models/tagged")),
    )
    case("no tags of an object", DENIED, may({"StringEquals": {"s3:ExistingObjectTag/stage": "prod"}}))
    case(
        "encryption asked for",
        "ok",
        may(
            {"StringEquals": {"s3:x-amz-server-side-encryption": "AES256"}},
            call=lambda w: b.put(w, ServerSideEncryption="AES256"),
        ),
    )
    case("encryption not asked for", DENIED, unless({"Null": {"s3:x-amz-server-side-encryption": "true"}}, call=b.put))
    case(
        "storage class",
        DENIED,
        may(
            {"StringEquals": {"s3:x-amz-storage-class": "STANDARD_IA"}},
            call=lambda w: b.put(w, StorageClass="ONEZONE_IA"),
        ),
    )
    reader = role(A, allow(condition={"StringLike": {"aws:userid": "AROA*:job-*"}}))
    case("session's id", "ok", b.get(session(reader, name="job-1")))
    case("another session's id", DENIED, b.get(session(reader, name="s1")))
    reader = role(A, allow(condition={"Null": {"aws:username": "true", "aws:TokenIssueTime": "false"}}))
    case("sessions have no user name", "ok", b.get(session(reader)))
    reader = role(A, allow(), deny(condition={"DateLessThan": {"aws:TokenIssueTime": "2100-01-01T00:00:00Z"}}))
    case("revoked sessions", DENIED, b.get(session(reader)))
    reader = role(A, allow(condition={"StringEquals": {"aws:PrincipalTag/team": "iris"}}), tagged={"team": "rose"})
    case("a role's tag", DENIED, b.get(session(reader)))
    case(
        "a session's tag goes before the role's", "ok", b.get(session(reader, Tags=[{"Key": "team", "Value": "iris"}]))
    )
    reader = role(A, allow(condition={"StringEquals": {"aws:SourceIdentity": "ann1"}}))
    case("source identity", "ok", b.get(session(reader, SourceIdentity="ann1")))
    case("no source identity", DENIED, b.get(session(reader)))


def variables(case):
    b = Bucket(A, key=None)
    name, _, ann = user(A, allow(resource=f"{b.arn}/${{aws:username}}/*"))
    bob, _, _ = user(A)
    case("a variable", "ok", b.put(ann, f"{name}/x"))
    case("another's", DENIED, b.put(ann, f"{bob}/x"))
    old = user(A, allow(resource=f"{b.arn}/${{aws:username}}/*"), version="2008-10-17")
    case("the old version has none", DENIED, b.put(old[2], f"{old[0]}/x"))
    none = user(A, allow(resource=f"{b.arn}/${{aws:username}}/*"), version=None)
    case("no version has none", DENIED, b.put(none[2], f"{none[0]}/x"))
    default = allow(resource=f"{b.arn}/${{aws:PrincipalTag/team, 'common'}}/*")
    case("a default", "ok", b.put(user(A, default)[2], "common/x"))
    case("a default is not needed", "ok", b.put(user(A, default, tagged={"team": "iris"})[2], "iris/x"))
    case("a default does not count then", DENIED, b.put(user(A, default, tagged={"team": "iris"})[2], "common/x"))
    starred = user(A, allow(resource=f"{b.arn}/${{aws:PrincipalTag/team}}/*"), tagged={"team": "i-s"})
    case("without a value", DENIED, b.put(user(A, allow(resource=f"{b.arn}/${{aws:PrincipalTag/none}}/*"))[2], "/x"))
    case("a tag", "ok", b.put(starred[2], "i-s/x"))
    case("a literal star", DENIED, b.put(user(A, allow(resource=f"{b.arn}/${{*}}"))[2], "x"))
    case("a literal star itself", "ok", b.put(user(A, allow(resource=f"{b.arn}/${{*}}"))[2], "*"))
    case("a literal dollar", "ok", b.put(user(A, allow(resource=f"{b.arn}/${{$}}x"))[2], "$x"))
    c = Bucket(
        A, allow(Principal={"AWS": A}, condition={"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}"}})
    )
    case("a variable in a bucket's condition", "ok", c.get(user(A, allow())[2]))
    home = user(A, allow("s3:ListBucket", condition={"StringLike": {"s3:prefix": ["${aws:username}/*"]}}))
    case("a variable in a condition", "ok", b.list(home[2], Prefix=f"{home[0]}/a"))
    case("a variable in a condition, another's", DENIED, b.list(home[2], Prefix=f"{bob}/a"))
    job = role(A, allow(resource=f"{b.arn}/${{aws:userid}}/*"))
    unique = client("iam", A).get_role(RoleName=job.split("/")[-1])["Role"]["RoleId"]
    case("a session's id", "ok", b.put(session(job), f"{unique}:s1/x"))
