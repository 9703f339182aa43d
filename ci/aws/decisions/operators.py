"""Operators of conditions one by one, over values that are there, and sets of values."""

from cloud import A, Bucket, allow, client, deny, document, role, session, user

DENIED = "AccessDenied: "


def run(report):
    values(report.case)
    sets(report.case)
    variables(report.case)


class Held:
    """A user whose only statement is held to a condition, and a bucket of its account."""

    def __init__(self):
        tagged = {"team": "iris", "level": "7", "since": "2026-01-01T00:00:00Z"}
        self.bucket, self.iam = Bucket(A), client("iam", A)
        self.name, self.arn, self.credentials = user(A, tagged=tagged)

    def may(self, condition, call=None, version="2012-10-17", *more):
        text = document(allow(condition=condition), *more, version=version)
        self.iam.put_user_policy(UserName=self.name, PolicyName="own", PolicyDocument=text)
        return (call or self.bucket.get)(self.credentials)


def values(case):
    held = Held()
    team, level, since, absent = (f"aws:PrincipalTag/{name}" for name in ["team", "level", "since", "none"])
    address, arn = "aws:SourceIp", "aws:PrincipalArn"
    for operator, key, value, expected in [
        ("StringNotEqualsIgnoreCase", team, "IRIS", DENIED),
        ("StringNotEqualsIgnoreCase", team, "rose", "ok"),
        ("StringNotLike", team, "ir*", DENIED),
        ("StringNotLike", team, ["a*", "b*"], "ok"),
        ("StringLike", team, "?ris", "ok"),
        ("StringLike", team, "?iris", DENIED),
        ("StringLike", team, "IR*", DENIED),
        ("NumericEquals", level, "7.0", "ok"),
        ("NumericNotEquals", level, "7", DENIED),
        ("NumericNotEquals", level, ["6", "8"], "ok"),
        ("NumericLessThan", level, "7", DENIED),
        ("NumericLessThanEquals", level, "7", "ok"),
        ("NumericGreaterThan", level, "6.5", "ok"),
        ("NumericGreaterThan", level, "10", DENIED),
        ("NumericEquals", team, "7", DENIED),
        ("NumericLessThanIfExists", absent, "1", "ok"),
        ("NumericNotEquals", absent, "1", "ok"),
        ("DateEquals", since, "2026-01-01T00:00:00Z", "ok"),
        ("DateEquals", since, "2026-01-01T01:00:00+01:00", "ok"),
        ("DateEquals", since, "1767225600", "ok"),
        ("DateNotEquals", since, "2026-01-01T00:00:00Z", DENIED),
        ("DateNotEquals", since, "2026-01-02T00:00:00Z", "ok"),
        ("DateLessThanEquals", since, "2026-01-01T00:00:00Z", "ok"),
        ("DateGreaterThanEquals", since, "2026-01-01T00:00:01Z", DENIED),
        ("DateLessThan", absent, "2100-01-01T00:00:00Z", DENIED),
        ("DateGreaterThanIfExists", "aws:TokenIssueTime", "2100-01-01T00:00:00Z", "ok"),
        ("IpAddress", address, "127.0.0.1/32", "ok"),
        ("IpAddress", address, ["10.0.0.0/8", "192.168.0.0/16"], DENIED),
        ("IpAddress", address, "0.0.0.0/0", "ok"),
        ("IpAddress", address, "::/0", DENIED),
        ("NotIpAddress", address, ["10.0.0.0/8", "127.0.0.0/8"], DENIED),
        ("NotIpAddress", address, "10.0.0.0/8", "ok"),
        ("IpAddress", "aws:VpcSourceIp", "0.0.0.0/0", DENIED),
        ("IpAddressIfExists", "aws:VpcSourceIp", "10.0.0.0/8", "ok"),
        ("NotIpAddress", "aws:VpcSourceIp", "0.0.0.0/0", "ok"),
        ("StringEquals", "aws:SourceVpce", "vpce-1", DENIED),
        ("StringEqualsIfExists", "aws:SourceVpce", "vpce-1", "ok"),
        ("ArnLike", arn, "arn:aws:iam::111111111111:*", "ok"),
        ("ArnEquals", arn, "arn:aws:iam::1111*:user/*", "ok"),
        ("ArnLike", arn, "arn:aws:iam:*:user/*", DENIED),
        ("ArnLike", arn, "arn:aws:iam::222222222222:*", DENIED),
        ("ArnEquals", arn, held.arn.upper(), DENIED),
        ("ArnNotEquals", arn, held.arn, DENIED),
        ("ArnNotLike", arn, "arn:aws:iam::*:role/*", "ok"),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", DENIED),
        ("ArnLikeIfExists", "aws:SourceArn", "arn:aws:s3:::x", "ok"),
        ("ArnNotLike", "aws:SourceArn", "arn:aws:s3:::*", "ok"),
        ("BoolIfExists", "aws:SecureTransport", "false", DENIED),
        ("Bool", "aws:PrincipalIsAWSService", "false", "ok"),
        ("Bool", "aws:ViaAWSService", "true", DENIED),
        ("StringEquals", "aws:PrincipalAccount", A, "ok"),
        ("StringEquals", "aws:PrincipalType", "AssumedRole", DENIED),
        ("StringEquals", "aws:PrincipalOrgID", "o-abcdefghij", DENIED),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-abcdefghij", "ok"),
        ("NumericGreaterThan", "s3:signatureAge", "1", DENIED),
        ("NumericLessThan", "s3:TlsVersion", "1.2", DENIED),
    ]:
        case(f"{operator} {key} {value}", expected, held.may({operator: {key: value}}))
    both = {"Null": {absent: "true", team: "false"}}
    case("absent and present", "ok", held.may(both))
    reader = role(A, allow(condition={"ArnEquals": {arn: "arn:aws:sts::111111111111:assumed-role/*"}}))
    case("a session's ARN is its role's", DENIED, held.bucket.get(session(reader)))
    reader = role(A, allow(condition={"ArnEquals": {arn: "arn:aws:iam::111111111111:role/*"}}))
    case("a role's ARN", "ok", held.bucket.get(session(reader)))
    deep = role(A, allow(condition={"ArnEquals": {arn: "arn:aws:iam::111111111111:role/team/*"}}), path="/team/a/")
    case("a role's ARN has its path", "ok", held.bucket.get(session(deep)))


def sets(case):
    held = Held()
    keys = "s3:RequestObjectTagKeys"
    two = lambda who: held.bucket.put(who, Tagging="stage=prod&team=a")
    none = held.bucket.put
    for operator, value, call, expected in [
        ("ForAnyValue:StringEquals", "team", two, "ok"),
        ("ForAnyValue:StringEquals", "x", two, DENIED),
        ("ForAnyValue:StringNotEquals", "team", two, "ok"),
        ("ForAnyValue:StringNotEquals", ["team", "stage"], two, DENIED),
        ("ForAnyValue:StringLike", "st*", two, "ok"),
        ("ForAllValues:StringEquals", ["team", "stage", "x"], two, "ok"),
        ("ForAllValues:StringEquals", "team", two, DENIED),
        ("ForAllValues:StringNotEquals", "x", two, "ok"),
        ("ForAllValues:StringNotEquals", "team", two, DENIED),
        ("ForAllValues:StringLike", ["st*", "t*"], two, "ok"),
        ("ForAllValues:StringEqualsIgnoreCase", ["TEAM", "STAGE"], two, "ok"),
        ("ForAllValues:StringEquals", "team", none, "ok"),
        ("ForAllValues:StringNotEquals", "team", none, "ok"),
        ("ForAnyValue:StringEquals", "team", none, DENIED),
    ]:
        how = "tags" if call is two else "no tags"
        case(f"{operator} {value} of {how}", expected, held.may({operator: {keys: value}}, call))
    one = "aws:PrincipalTag/team"
    case("ForAllValues of one", "ok", held.may({"ForAllValues:StringEquals": {one: ["iris", "x"]}}))
    case("ForAllValues of one, another", DENIED, held.may({"ForAllValues:StringEquals": {one: "rose"}}))
    case("ForAnyValue of one", "ok", held.may({"ForAnyValue:StringEquals": {one: ["iris", "x"]}}))


def variables(case):
    held = Held()
    b = held.bucket
    own, team = f"{b.arn}/${{aws:username}}/*", "aws:PrincipalTag/team"
    home = user(A, allow(), deny("s3:PutObject", NotResource=own))
    case("a variable in NotResource", "ok", b.put(home[2], f"{home[0]}/x"))
    case("a variable in NotResource, another's", DENIED, b.put(home[2], "other/x"))
    case("a variable in other letters", "ok", b.put(*named("${AWS:UserName}", b)))
    case("a literal question mark", "ok", b.put(user(A, allow(resource=f"{b.arn}/${{?}}"))[2], "?"))
    case("a literal question mark is no pattern", DENIED, b.put(user(A, allow(resource=f"{b.arn}/${{?}}"))[2], "x"))
    case("no value, positive", DENIED, held.may({"StringEquals": {team: "${aws:PrincipalTag/none}"}}))
    case("no value, negated", "ok", held.may({"StringNotEquals": {team: "${aws:PrincipalTag/none}"}}))
    case("a default in a condition", "ok", held.may({"StringEquals": {team: "${aws:PrincipalTag/none, 'iris'}"}}))
    case("a default that differs", DENIED, held.may({"StringEquals": {team: "${aws:PrincipalTag/none, 'rose'}"}}))
    arn = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:user/${aws:username}"}}
    case("variables in an ARN", "ok", held.may(arn))
    case(
        "the old version in a condition", DENIED, held.may({"StringEquals": {team: f"${{{team}}}"}}, None, "2008-10-17")
    )
    case("the new version in a condition", "ok", held.may({"StringEquals": {team: f"${{{team}}}"}}))
    job = role(A, allow(resource=f"{b.arn}/${{aws:PrincipalTag/team}}/*"), tagged={"team": "rose"})
    iris = session(job, Tags=[{"Key": "team", "Value": "iris"}])
    case("a session's tag as a variable", "ok", b.put(iris, "iris/x"))
    case("the role's tag is hidden by it", DENIED, b.put(iris, "rose/x"))
    case("the role's tag as a variable", "ok", b.put(session(job), "rose/x"))
    cut = session(role(A, allow()), [allow("s3:PutObject", f"{b.arn}/${{aws:PrincipalTag/team}}/*")], Tags=TEAM)
    case("a variable in a session policy", "ok", b.put(cut, "iris/x"))
    case("a variable in a session policy, another", DENIED, b.put(cut, "rose/x"))


TEAM = [{"Key": "team", "Value": "iris"}]


def named(variable, bucket):
    name, _, credentials = user(A, allow(resource=f"{bucket.arn}/{variable}/*"))
    return credentials, f"{name}/x"
