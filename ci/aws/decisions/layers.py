"""Layers over layers: boundaries, session policies, resource policies, and principals that are spared."""

from cloud import A, B, C, Bucket, allow, client, deny, document, fresh, role, said, session, session_arn, user
from roles import ACTIONS, become, trusting

DENIED = "AccessDenied: "
PLAIN = "AccessDenied: Access Denied"
IRIS = [{"Key": "team", "Value": "iris"}]


def run(report):
    within_one_account(report.case)
    spared(report.case)
    tags_on_the_way(report.case)
    limits(report.case)


def within_one_account(case):
    get = "s3:GetObject"
    other = [allow("ec2:*")]
    _, arn, fenced = user(A, boundary=[allow(), deny(get)])
    b = Bucket(A, allow(get, Principal={"AWS": arn}))
    case(
        "a boundary's deny goes before a bucket's allow",
        f'AccessDenied: User: {arn} is not authorized to perform: s3:GetObject on resource: "{b.arn}/models/iris" with an explicit deny in a permissions boundary',
        b.get(fenced),
    )
    bare = role(A)
    b = Bucket(A, allow(get, Principal={"AWS": bare}))
    case(
        "a session policy's deny goes before a bucket's allow",
        f'AccessDenied: User: {session_arn(bare)} is not authorized to perform: s3:GetObject on resource: "{b.arn}/models/iris" with an explicit deny in a session policy',
        b.get(session(bare, [allow(), deny(get)])),
    )
    case("role by name and a session policy that allows", "ok", b.get(session(bare, [allow(get)])))
    # Everyone, held to the account: neither a boundary nor a session policy need allow.
    everyone = allow(get, Principal="*", condition={"StringEquals": {"aws:PrincipalAccount": A}})
    b = Bucket(A, everyone)
    case("everyone and a session policy", "ok", b.get(session(bare, other)))
    case("everyone and a boundary", "ok", b.get(session(role(A, boundary=other))))
    case("everyone and a user's boundary", "ok", b.get(user(A, boundary=other)[2]))
    case("everyone and an own deny", DENIED, b.get(user(A, deny(get))[2]))
    # The account, which only delegates.
    b = Bucket(A, allow(get, Principal={"AWS": A}))
    case("account and identity and boundary", DENIED, b.get(user(A, allow(), boundary=other)[2]))
    case("account and identity and session policy", DENIED, b.get(session(role(A, allow()), other)))
    case("account and identity", "ok", b.get(user(A, allow())[2]))
    # What the boundary allows is no grant.
    case("only a boundary", DENIED, Bucket(A).get(user(A, boundary=[allow()])[2]))
    case(
        "boundary of a role and its session policy",
        DENIED,
        b.get(session(role(A, allow(), boundary=[allow(get)]), other)),
    )
    case("all three", "ok", b.get(session(role(A, allow(), boundary=[allow(get)]), [allow("s3:Get*")])))
    # Across accounts every layer of the caller's account must allow, whoever is named.
    full, cut = role(A, allow()), role(A, allow(), boundary=other)
    b = Bucket(B, allow(get, Principal={"AWS": [session_arn(full, "job"), session_arn(cut, "job")]}))
    case("across accounts, session by name", "ok", b.get(session(full, name="job")))
    case("across accounts, another session", PLAIN, b.get(session(full, name="other")))
    case("across accounts, session by name and boundary", PLAIN, b.get(session(cut, name="job")))
    case("across accounts, session by name and session policy", PLAIN, b.get(session(full, other, name="job")))
    b = Bucket(B, allow(get, Principal="*", condition={"StringEquals": {"aws:PrincipalAccount": A}}))
    case("across accounts, everyone of an account", "ok", b.get(session(full)))
    case("across accounts, everyone of an account and boundary", PLAIN, b.get(session(cut)))
    case("across accounts, everyone of an account needs the caller's side", PLAIN, b.get(session(role(A))))
    case("across accounts, a third account", PLAIN, b.get(user(C, allow())[2]))
    grouped, _, ann = user(A, allow())
    iam, group = client("iam", A), fresh("group")
    iam.create_group(GroupName=group)
    iam.put_group_policy(GroupName=group, PolicyName="own", PolicyDocument=document(deny(get)))
    iam.add_user_to_group(GroupName=group, UserName=grouped)
    case("a group's deny", DENIED, b.get(ann))


def spared(case):
    _, arn, ann = user(A, allow())
    reader = role(A, allow())
    only = lambda *who: Bucket(A, deny("s3:GetObject", NotPrincipal={"AWS": list(who)}))
    case("NotPrincipal of the account hits its users", DENIED, only(A).get(ann))
    case("NotPrincipal of the account spares its root", "ok", only(A).get(A))
    case("NotPrincipal of the role hits its sessions", DENIED, only(A, reader).get(session(reader)))
    case("NotPrincipal of another account's role", DENIED, only(A, role(B)).get(session(reader)))
    b = Bucket(B, allow(Principal={"AWS": A}), deny("s3:GetObject", NotPrincipal={"AWS": [A, B, arn]}))
    case("NotPrincipal across accounts spares the user", "ok", b.get(ann))
    case("NotPrincipal across accounts hits another", PLAIN, b.get(user(A, allow())[2]))
    case("NotPrincipal across accounts spares the owner's root", "ok", b.get(B))
    by_condition = deny("s3:GetObject", Principal="*", condition={"ArnNotEquals": {"aws:PrincipalArn": [reader, arn]}})
    b = Bucket(A, by_condition)
    case("all but these ARNs, a session of the role", "ok", b.get(session(reader, name="any")))
    case("all but these ARNs, the user", "ok", b.get(ann))
    case("all but these ARNs, another", DENIED, b.get(user(A, allow())[2]))
    case("all but these ARNs, root", DENIED, b.get(A))
    unique = client("iam", A).get_role(RoleName=reader.split("/")[-1])["Role"]["RoleId"]
    b = Bucket(A, deny("s3:GetObject", Principal="*", condition={"StringNotLike": {"aws:userid": [f"{unique}:*", A]}}))
    case("all but these ids, a session of the role", "ok", b.get(session(reader)))
    case("all but these ids, root", "ok", b.get(A))
    case("all but these ids, a user", DENIED, b.get(ann))


def tags_on_the_way(case):
    first = role(A, allow("sts:*"))
    second = role(A, allow("sts:*"), trust=trusting(first, action=ACTIONS))
    held = {"StringEquals": {"aws:PrincipalTag/team": "iris"}}
    third = role(B, allow(), trust=trusting(second, held, ACTIONS))
    start = session(first, Tags=IRIS, TransitiveTagKeys=["team"])
    hop = lambda who, arn, **more: client("sts", who).assume_role(RoleArn=arn, RoleSessionName="s2", **more)[
        "Credentials"
    ]
    case("a transitive tag over two hops", "ok", become(hop(start, second), third))
    case("a tag that is not transitive, over two hops", DENIED, become(hop(session(first, Tags=IRIS), second), third))
    anew = hop(session(first), second, Tags=IRIS)
    case("a tag of the second hop", "ok", become(anew, third))
    b = Bucket(B, allow(Principal={"AWS": B}, condition=held))
    last = hop(hop(start, second), third)
    case("a transitive tag in a bucket's condition", "ok", b.get(last))
    identity = session(first, SourceIdentity="ann1")
    named = role(
        B, allow(condition={"StringEquals": {"aws:SourceIdentity": "ann1"}}), trust=trusting(second, action=ACTIONS)
    )
    case("a source identity over two hops", "ok", b_get(hop(hop(identity, second), named)))
    case("no source identity", DENIED, b_get(hop(hop(session(first), second), named)))
    need = lambda condition: role(A, trust=trusting(A, condition, ACTIONS))
    able = user(A, allow("sts:*"))[2]
    wanted = need({"Null": {"aws:RequestTag/team": "false"}})
    case("a tag that trust needs", "ok", become(able, wanted, Tags=IRIS))
    case("without the tag that trust needs", DENIED, become(able, wanted))
    carried = need({"ForAnyValue:StringEquals": {"sts:TransitiveTagKeys": ["team"]}})
    case("a transitive tag that trust needs", "ok", become(able, carried, Tags=IRIS, TransitiveTagKeys=["team"]))
    case("not transitive, where trust needs it", DENIED, become(able, carried, Tags=IRIS))
    identified = need({"StringLike": {"sts:SourceIdentity": "ann*"}})
    case("a source identity that trust needs", "ok", become(able, identified, SourceIdentity="ann1"))
    case("another source identity", DENIED, become(able, identified, SourceIdentity="bob1"))
    case("without the source identity that trust needs", DENIED, become(able, identified))


def b_get(who):
    return Bucket(B).get(who)


def limits(case):
    _, _, able = user(A, allow("sts:*"))
    plain = role(A)
    tag = lambda count, key="k", value="v": [{"Key": f"{key}{n}", "Value": value} for n in range(count)]
    case("fifty tags", "ok", become(able, plain, Tags=tag(50)))
    case("too many tags", "ValidationError: ", become(able, plain, Tags=tag(51)))
    case("a tag's key that is too long", "ValidationError: ", become(able, plain, Tags=tag(1, "k" * 128)))
    case("a tag's value that is too long", "ValidationError: ", become(able, plain, Tags=tag(1, value="v" * 257)))
    case("a name of one character", "ValidationError: ", become(able, plain, name="s"))
    case("a name that is too long", "ValidationError: ", become(able, plain, name="s" * 65))
    case("an external id of one character", "ValidationError: ", become(able, plain, ExternalId="e"))
    case("a source identity of one character", "ValidationError: ", become(able, plain, SourceIdentity="a"))
    case("more than twelve hours", "ValidationError: ", become(able, plain, DurationSeconds=43201))
    case(
        "a session policy with a principal",
        "MalformedPolicyDocument: ",
        become(able, plain, Policy=document(allow(Principal={"AWS": A}))),
    )
    policies = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    case("ten managed session policies at most", "ValidationError: ", become(able, plain, PolicyArns=policies * 11))
    other = client("iam", B).create_policy(PolicyName=fresh("p"), PolicyDocument=document(allow()))["Policy"]["Arn"]
    case(
        "a managed session policy of another account",
        "MalformedPolicyDocument: ",
        become(able, plain, PolicyArns=[{"arn": other}]),
    )
