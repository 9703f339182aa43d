"""Users, sessions and buckets: which policies add up, which limit, and who is meant."""

from cloud import A, B, C, Bucket, allow, client, deny, document, fresh, role, said, session, session_arn, user

DENIED = "AccessDenied: "
PLAIN = "AccessDenied: Access Denied"


def run(report):
    one_account(report.case)
    two_accounts(report.case)
    principals(report.case)


def why(who, action, resource, reason):
    return f'AccessDenied: User: {who} is not authorized to perform: {action} on resource: "{resource}" {reason}'


def one_account(case):
    b = Bucket(A)
    _, arn, ann = user(A)
    get, iris = "s3:GetObject", f"{b.arn}/models/iris"
    case(
        "nothing allows",
        why(arn, get, iris, "because no identity-based policy allows the s3:GetObject action"),
        b.get(ann),
    )
    _, arn, eve = user(A, allow(), deny(get, b.objects))
    case("own deny", why(arn, get, iris, "with an explicit deny in an identity-based policy"), b.get(eve))
    _, arn, may = user(A, allow())
    case("own allow", "ok", b.get(may))
    _, arn, limited = user(A, allow(), boundary=[allow("s3:PutObject")])
    case(
        "boundary",
        why(arn, get, iris, "because no permissions boundary allows the s3:GetObject action"),
        b.get(limited),
    )
    case("boundary allows", "ok", b.put(limited))
    _, arn, limited = user(A, allow(), boundary=[allow(), deny(get)])
    case("boundary denies", why(arn, get, iris, "with an explicit deny in a permissions boundary"), b.get(limited))

    reader = role(A, allow())
    case("session", "ok", b.get(session(reader)))
    case(
        "session policy leaves out",
        why(session_arn(reader), get, iris, "because no session policy allows the s3:GetObject action"),
        b.get(session(reader, [allow("s3:PutObject")])),
    )
    case(
        "session policy denies",
        why(session_arn(reader), get, iris, "with an explicit deny in a session policy"),
        b.get(session(reader, [allow(), deny(get)])),
    )
    case("session policy allows", "ok", b.get(session(reader, [allow(get, b.objects)])))
    managed = client("iam", A).create_policy(PolicyName=fresh("p"), PolicyDocument=document(allow("s3:PutObject")))[
        "Policy"
    ]["Arn"]
    case("managed session policy", DENIED, b.get(session(reader, PolicyArns=[{"arn": managed}])))
    case("managed and inline add up", "ok", b.get(session(reader, [allow(get)], PolicyArns=[{"arn": managed}])))
    poor = role(A)
    case(
        "session policy grants nothing",
        why(session_arn(poor), get, iris, "because no identity-based policy"),
        b.get(session(poor, [allow()])),
    )

    # What a bucket's policy grants in its own account.
    _, arn, ann = user(A, boundary=[allow("ec2:*")])
    bare = role(A)
    fenced = role(A, boundary=[allow("ec2:*")])
    b = Bucket(A, allow(get, Principal={"AWS": [arn, bare, fenced]}))
    case("user by name, boundary does not matter", "ok", b.get(ann))
    case("role by name", "ok", b.get(session(bare)))
    case(
        "role by name, boundary limits",
        DENIED
        + f'User: {session_arn(fenced)} is not authorized to perform: s3:GetObject on resource: "{b.arn}/models/iris" because no permissions boundary',
        b.get(session(fenced)),
    )
    case("role by name, session policy limits", DENIED, b.get(session(bare, [allow("ec2:*")])))
    b = Bucket(A, allow(get, Principal={"AWS": [session_arn(bare, "job"), session_arn(fenced, "job")]}))
    case("session by name", "ok", b.get(session(bare, name="job")))
    case("another session", DENIED, b.get(session(bare, name="other")))
    case("session by name, boundary does not matter", "ok", b.get(session(fenced, name="job")))
    case("session by name, session policy does not matter", "ok", b.get(session(bare, [allow("ec2:*")], name="job")))
    case("session by name, its denies matter", DENIED, b.get(session(bare, [deny("s3:*")], name="job")))
    b = Bucket(A, allow(get, Principal={"AWS": A}))
    case(
        "account by id delegates",
        why(session_arn(bare), get, f"{b.arn}/models/iris", "because no identity-based policy"),
        b.get(session(bare)),
    )
    case("root", "ok", b.get(A))
    b = Bucket(A, deny(get, Principal="*"))
    case(
        "root is denied",
        "AccessDenied: User: arn:aws:iam::111111111111:root is not authorized to perform: s3:GetObject",
        b.get(A),
    )
    case("root still reads the policy", "ok", said(client("s3", A).get_bucket_policy, Bucket=b.name))
    b = Bucket(A, deny("s3:*", Principal="*"))
    case("root still deletes the policy", "ok", said(client("s3", A).delete_bucket_policy, Bucket=b.name))
    b = Bucket(A, allow(get, Principal="*", condition={"ArnEquals": {"aws:PrincipalArn": fenced}}))
    case("everyone held to a role, boundary does not matter", "ok", b.get(session(fenced)))
    case("everyone held to another role", DENIED, b.get(session(bare)))


def two_accounts(case):
    reader, bare = role(A, allow()), role(A)
    b = Bucket(B)
    case("only the caller's side", PLAIN, b.get(session(reader)))
    b = Bucket(B, allow(Principal={"AWS": [A, reader, bare, session_arn(bare)]}))
    case("both sides", "ok", b.get(session(reader)))
    case("only the bucket's side", PLAIN, b.get(session(bare)))
    case("root of the other account", "ok", b.get(A))
    case("session policy limits", PLAIN, b.get(session(reader, [allow("ec2:*")])))
    case("boundary limits", PLAIN, b.get(session(role(A, allow(), boundary=[allow("ec2:*")]))))
    case("a third account", PLAIN, b.get(session(role(C, allow()))))
    case(
        "policy of a foreign bucket",
        "MethodNotAllowed: The specified method is not allowed against this resource.",
        said(client("s3", session(reader)).get_bucket_policy, Bucket=b.name),
    )
    case("expected owner", "ok", b.get(session(reader), ExpectedBucketOwner=B))
    case("another expected owner", PLAIN, b.get(session(reader), ExpectedBucketOwner=A))
    case("head without words", "403: Forbidden", b.head(session(bare)))
    head_bucket = lambda who: said(client("s3", who).head_bucket, Bucket=b.name)
    case("bucket's head", "ok", head_bucket(session(reader)))
    case("bucket's head, denied", "403: Forbidden", head_bucket(session(bare)))
    mine = Bucket(A)
    copy = lambda who, **more: said(
        client("s3", who).copy_object, Bucket=mine.name, Key="copy", CopySource=f"{b.name}/models/iris", **more
    )
    case("copy needs both", "ok", copy(session(reader)))
    case("copy without the source", DENIED, copy(session(role(A, allow("s3:PutObject")))))
    case("copy from another owner than expected", PLAIN, copy(session(reader), ExpectedSourceBucketOwner=A))
    c = Bucket(B, deny("s3:GetObject", Principal={"AWS": A}), allow(Principal={"AWS": A}))
    case("deny of the account", PLAIN, c.get(session(reader)))
    case(
        "an unknown bucket",
        "NoSuchBucket: The specified bucket does not exist",
        said(client("s3", session(bare)).get_object, Bucket="not-there-0", Key="k"),
    )
    case("list of all", DENIED, said(client("s3", session(bare)).list_buckets))


def principals(case):
    # Names are pinned when a policy is saved.
    name, arn, ann = user(A)
    b = Bucket(A, allow("s3:GetObject", Principal={"AWS": arn}))
    case("before", "ok", b.get(ann))
    iam = client("iam", A)
    iam.delete_access_key(UserName=name, AccessKeyId=ann["AccessKeyId"])
    iam.delete_user(UserName=name)
    shown = client("s3", A).get_bucket_policy(Bucket=b.name)["Policy"]
    case("a gone user is shown by its id", "ok", "ok" if "AIDA" in shown and arn not in shown else shown)
    iam.create_user(UserName=name)
    again = iam.create_access_key(UserName=name)["AccessKey"]
    case("who comes after", DENIED, b.get(again))
    case("the old key", "InvalidAccessKeyId: ", b.get(ann))
    case(
        "saved again as shown",
        "MalformedPolicy: Invalid principal in policy",
        said(client("s3", A).put_bucket_policy, Bucket=b.name, Policy=shown),
    )
    b.policy(allow("s3:GetObject", Principal={"AWS": arn}))
    case("saved again by name", "ok", b.get(again))
    reader = role(A, allow())
    b = Bucket(B, allow(Principal={"AWS": reader}))
    old = session(reader)
    role_name = reader.split("/")[-1]
    iam.delete_role_policy(RoleName=role_name, PolicyName="own")
    iam.delete_role(RoleName=role_name)
    case("the session of a role that is gone", PLAIN, b.get(old))
    iam.create_role(
        RoleName=role_name, AssumeRolePolicyDocument=document(allow("sts:AssumeRole", None, Principal={"AWS": A}))
    )
    iam.put_role_policy(RoleName=role_name, PolicyName="own", PolicyDocument=document(allow()))
    case("the role that comes after", PLAIN, b.get(session(reader)))
    b.policy(
        allow(
            Principal="*",
            condition={"ArnEquals": {"aws:PrincipalArn": reader}, "StringEquals": {"aws:PrincipalAccount": A}},
        )
    )
    case("a condition is not pinned", "ok", b.get(session(reader)))

    canonical = client("s3", A).list_buckets()["Owner"]["ID"]
    c = Bucket(B, allow(Principal={"CanonicalUser": canonical}))
    case("canonical id is the account", "ok", c.get(session(reader)))
    case("canonical id of another", PLAIN, c.get(session(role(C, allow()))))
    put = lambda principal: said(
        c.owner.put_bucket_policy, Bucket=c.name, Policy=document(allow("s3:GetObject", c.objects, Principal=principal))
    )
    invalid = "MalformedPolicy: Invalid principal in policy"
    case("an unknown canonical id", invalid, put({"CanonicalUser": "0" * 64}))
    for wrong in [
        {"AWS": "arn:aws:iam::111111111111:user/nobody"},
        {"AWS": "arn:aws:iam::111111111111:role/*"},
        {"AWS": "arn:aws:iam::111111111111:group/g"},
        {"AWS": "AIDAAAAAAAAAAAAAAAAAA"},
        {"AWS": "12345"},
    ]:
        case(f"principal {wrong}", invalid, put(wrong))
    unique = client("iam", A).get_role(RoleName=role_name)["Role"]["RoleId"]
    case("a unique id that is there", "ok", put({"AWS": unique}))
    case("the role with the unique id", "ok", c.get(session(reader)))

    # NotPrincipal spares who is named with everything above.
    d = Bucket(A, deny("s3:GetObject", NotPrincipal={"AWS": [A, reader, session_arn(reader)]}))
    case("NotPrincipal spares the session", "ok", d.get(session(reader)))
    case("NotPrincipal hits another session", DENIED, d.get(session(reader, name="other")))
    case("NotPrincipal spares the root user", "ok", d.get(A))
    case("NotPrincipal hits users", DENIED, d.get(user(A, allow())[2]))
    d = Bucket(A, deny("s3:GetObject", NotPrincipal={"AWS": [A, arn]}))
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document(allow()))
    case("NotPrincipal spares the user", "ok", d.get(again))
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/AdministratorAccess")
    case("NotPrincipal hits whoever has a boundary", DENIED, d.get(again))
    deep = role(A, path="/team/a/")
    b = Bucket(A, allow("s3:GetObject", Principal={"AWS": deep}))
    case("a role with a path", "ok", b.get(session(deep)))
    case(
        "a role without its path",
        invalid,
        said(
            b.owner.put_bucket_policy,
            Bucket=b.name,
            Policy=document(allow("s3:GetObject", b.objects, Principal={"AWS": deep.replace("team/a/", "")})),
        ),
    )
