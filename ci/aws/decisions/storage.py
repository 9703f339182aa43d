"""What S3 adds: what is not there, Block Public Access, owners of objects, and what a policy may say."""

from cloud import A, B, C, Bucket, allow, client, deny, document, role, said, session, user

DENIED = "AccessDenied: "
PLAIN = "AccessDenied: Access Denied"


def run(report):
    what_is_missing(report.case)
    public(report.case)
    owners(report.case)
    malformed(report.case)


def what_is_missing(case):
    b = Bucket(A)
    _, arn, reader = user(A, allow("s3:GetObject"))
    listed = f'AccessDenied: User: {arn} is not authorized to perform: s3:ListBucket on resource: "{b.arn}" because no identity-based policy allows the s3:ListBucket action'
    case("a missing key without the list", listed, b.get(reader, "nope"))
    case("a missing key's head without the list", "403: Forbidden", b.head(reader, "nope"))
    _, _, lister = user(A, allow(["s3:GetObject", "s3:ListBucket"]))
    case("a missing key with the list", "NoSuchKey: The specified key does not exist.", b.get(lister, "nope"))
    case("a missing key's head with the list", "404: Not Found", b.head(lister, "nope"))
    only = user(A, allow("s3:ListBucket"))
    case(
        "the list alone",
        f"AccessDenied: User: {only[1]} is not authorized to perform: s3:GetObject",
        b.get(only[2], "nope"),
    )
    nothing = user(A)
    case(
        "a missing key with nothing",
        f"AccessDenied: User: {nothing[1]} is not authorized to perform: s3:GetObject",
        b.get(nothing[2], "nope"),
    )
    prefixed = user(
        A, allow("s3:GetObject"), allow("s3:ListBucket", condition={"StringLike": {"s3:prefix": "models/*"}})
    )
    case("a list that is held to a prefix", "AccessDenied", b.get(prefixed[2], "models/nope"))
    b.owner.put_bucket_versioning(Bucket=b.name, VersioningConfiguration={"Status": "Enabled"})
    version = b.owner.put_object(Bucket=b.name, Key="models/iris", Body=b"2")["VersionId"]
    case("a version needs its own action", DENIED, b.get(reader, VersionId=version))
    case("a version with its own action", "ok", b.get(user(A, allow("s3:GetObjectVersion"))[2], VersionId=version))
    case("that action is not enough for the latest", DENIED, b.get(user(A, allow("s3:GetObjectVersion"))[2]))
    case("anonymous", PLAIN, b.get(None))
    case(
        "delete needs its own action",
        DENIED,
        said(client("s3", reader).delete_object, Bucket=b.name, Key="models/iris"),
    )
    many = client("s3", user(A, allow("s3:DeleteObject", f"{b.arn}/models/*"))[2]).delete_objects(
        Bucket=b.name, Delete={"Objects": [{"Key": "models/x"}, {"Key": "other/x"}]}
    )
    case(
        "of many, some",
        "ok",
        "ok" if [e["Code"] for e in many["Errors"]] == ["AccessDenied"] and len(many["Deleted"]) == 1 else str(many),
    )
    attributes = lambda who: said(
        client("s3", who).get_object_attributes, Bucket=b.name, Key="models/iris", ObjectAttributes=["ETag"]
    )
    case("attributes need two", DENIED, attributes(reader))
    case("attributes with two", "ok", attributes(user(A, allow(["s3:GetObject", "s3:GetObjectAttributes"]))[2]))
    acl = user(A, allow("s3:PutObject"))[2]
    case("a list of a write needs its own action", DENIED, b.put(acl, ACL="bucket-owner-full-control"))
    case("tags of a write need their own action", DENIED, b.put(acl, Tagging="a=b"))


def public(case):
    b = Bucket(A)
    everyone = allow("s3:GetObject", Principal="*")
    everyone["Resource"] = b.objects
    blocked = said(b.owner.put_bucket_policy, Bucket=b.name, Policy=document(everyone))
    case(
        "public policies are blocked",
        'AccessDenied: User: arn:aws:iam::111111111111:root is not authorized to perform: s3:PutBucketPolicy on resource: "'
        + b.arn
        + '" because public policies are blocked by the BlockPublicPolicy block public access setting.',
        blocked,
    )
    b.owner.delete_public_access_block(Bucket=b.name)
    b.policy(everyone)
    case("open to everyone", "ok", b.get(None))
    case("a stranger still needs its own side", PLAIN, b.get(user(C)[2]))
    stranger = user(C, allow())[2]
    case("a stranger with its own side", "ok", b.get(stranger))
    b.owner.put_public_access_block(Bucket=b.name, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    case("restricted, anonymous", PLAIN, b.get(None))
    case("restricted, stranger", PLAIN, b.get(stranger))
    case("restricted, its own", "ok", b.get(user(A)[2]))
    for rule, condition, expected in [
        ("organisation", {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}, "ok"),
        ("account", {"StringEquals": {"aws:PrincipalAccount": C}}, "ok"),
        ("pattern of accounts", {"StringLike": {"aws:PrincipalAccount": "*"}}, "AccessDenied"),
        ("network", {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "ok"),
        ("agent", {"StringEquals": {"aws:UserAgent": "x"}}, "AccessDenied"),
        ("transport", {"Bool": {"aws:SecureTransport": "true"}}, "AccessDenied"),
    ]:
        c = Bucket(A)
        statement = allow("s3:GetObject", c.objects, condition, Principal="*")
        case(
            f"public but for {rule}",
            expected,
            said(c.owner.put_bucket_policy, Bucket=c.name, Policy=document(statement)),
        )
    c = Bucket(A)
    case(
        "a public deny is not public",
        "ok",
        said(c.owner.put_bucket_policy, Bucket=c.name, Policy=document(deny("s3:*", c.objects, Principal="*"))),
    )


def owners(case):
    writer = role(A, allow())
    b = Bucket(B, allow(Principal={"AWS": A}))
    b.put(session(writer), "theirs")
    case("enforced: the bucket owns all", "ok", b.get(B, "theirs"))
    case(
        "enforced: no lists",
        "AccessControlListNotSupported: The bucket does not allow ACLs",
        b.put(session(writer), "x", ACL="public-read"),
    )
    case(
        "enforced: full control for the owner does no harm",
        "ok",
        b.put(session(writer), "x", ACL="bucket-owner-full-control"),
    )
    w = Bucket(B, allow(Principal={"AWS": A}), ownership="ObjectWriter")
    w.put(session(writer), "theirs")
    case("writer owns: the bucket's owner may not", DENIED, w.get(B, "theirs"))
    case("writer owns: the writer may", "ok", w.get(session(writer), "theirs"))
    w.put(session(writer), "given", ACL="bucket-owner-full-control")
    case("writer owns: given", "ok", w.get(B, "given"))
    case("writer owns: the bucket's owner deletes", "ok", said(w.owner.delete_object, Bucket=w.name, Key="theirs"))
    p = Bucket(B, allow(Principal={"AWS": A}), ownership="BucketOwnerPreferred")
    p.put(session(writer), "given", ACL="bucket-owner-full-control")
    case("preferred: given is owned", "ok", p.get(B, "given"))
    p.put(session(writer), "kept")
    case("preferred: not given is kept", DENIED, p.get(B, "kept"))
    o = Bucket(B, ownership="ObjectWriter", opened=True)
    o.owner.put_object(Bucket=o.name, Key="open", Body=b"x", ACL="public-read")
    case("a public list", "ok", o.get(None, "open"))
    o.owner.put_public_access_block(Bucket=o.name, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    case("a public list is ignored", PLAIN, o.get(None, "open"))
    canonical = client("s3", A).list_buckets()["Owner"]["ID"]
    o.owner.put_object_acl(Bucket=o.name, Key="models/iris", GrantRead=f"id={canonical}")
    case("a list for an account", "ok", o.get(session(writer)))
    case("a list for an account needs the caller's side", PLAIN, o.get(session(role(A))))


def malformed(case):
    b = Bucket(A)
    put = lambda *statements: said(b.owner.put_bucket_policy, Bucket=b.name, Policy=document(*statements))
    who = {"AWS": A}
    nowhere = "MalformedPolicy: Action does not apply to any resource(s) in statement"
    case("list of objects", nowhere, put(allow("s3:ListBucket", b.objects, Principal=who)))
    case("get of the bucket", nowhere, put(allow("s3:GetObject", b.arn, Principal=who)))
    case("both on objects", nowhere, put(allow(["s3:GetObject", "s3:ListBucket"], b.objects, Principal=who)))
    case("both on both", "ok", put(allow(["s3:GetObject", "s3:ListBucket"], [b.arn, b.objects], Principal=who)))
    case("all on objects", "ok", put(allow("s3:*", b.objects, Principal=who)))
    case("pattern of buckets", nowhere, put(allow("s3:GetBucket*", b.objects, Principal=who)))
    case(
        "no such action",
        "MalformedPolicy: Policy has invalid action",
        put(allow("s3:HeadObject", b.objects, Principal=who)),
    )
    case(
        "another service's action",
        "MalformedPolicy: Policy has invalid action",
        put(allow("kms:Decrypt", b.objects, Principal=who)),
    )
    case(
        "another bucket",
        "MalformedPolicy: Policy has invalid resource",
        put(allow("s3:GetObject", "arn:aws:s3:::other/*", Principal=who)),
    )
    case("no principal", "MalformedPolicy: Missing required field Principal", put(allow("s3:GetObject", b.objects)))
    case(
        "no JSON",
        "MalformedPolicy: Policies must be valid JSON and the first byte must be '{'",
        said(b.owner.put_bucket_policy, Bucket=b.name, Policy="x"),
    )
    iam, name = client("iam", A), user(A)[0]
    own = lambda text: said(iam.put_user_policy, UserName=name, PolicyName="own", PolicyDocument=text)
    case(
        "principal in an identity policy",
        "MalformedPolicyDocument: Policy document should not specify a principal.",
        own(document(allow(Principal=who))),
    )
    case(
        "resource that is no ARN",
        'MalformedPolicyDocument: Resource models/* must be in ARN format or "*".',
        own(document(allow(resource="models/*"))),
    )
    case(
        "action without a service",
        "MalformedPolicyDocument: Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        own(document(allow("GetObject"))),
    )
    case("effect", "MalformedPolicyDocument: Syntax errors in policy.", own(document({**allow(), "Effect": "allow"})))
    case("version", "MalformedPolicyDocument: ", own(document(allow(), version="2012-10-18")))
    case("no actions", "MalformedPolicyDocument: ", own(document(allow([]))))
    case("no statements", "MalformedPolicyDocument: ", own(document()))
