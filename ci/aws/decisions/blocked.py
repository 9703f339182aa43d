"""Access control lists, ownership, and Block Public Access of buckets and of whole accounts."""

import boto3
from botocore.config import Config

from cloud import A, B, C, CONFIG, Bucket, allow, client, deny, document, role, said, session, user

DENIED = "AccessDenied: "
PLAIN = "AccessDenied: Access Denied"
D = "444444444444"
ALL = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]


def run(report):
    lists(report.case)
    of_buckets(report.case)
    of_accounts(report.case)


def control(who):
    """A client of S3 Control, which addresses accounts by host names that do not resolve here."""
    who = {"AccessKeyId": who, "SecretAccessKey": "test"} if isinstance(who, str) else who
    made = boto3.client(
        "s3control",
        aws_access_key_id=who["AccessKeyId"],
        aws_secret_access_key=who["SecretAccessKey"],
        aws_session_token=who.get("SessionToken"),
        config=Config(**CONFIG),
    )

    def without_account(request, **_):
        account = request.headers["x-amz-account-id"]
        account = account.decode() if isinstance(account, bytes) else account
        request.url = request.url.replace(f"//{account}.", "//", 1)

    made.meta.events.register("before-sign.s3-control", without_account)
    return made


def lists(case):
    opened = lambda **more: Bucket(B, ownership="ObjectWriter", opened=True, **more)
    b, stranger = opened(), user(C, allow())[2]
    b.owner.put_object_acl(Bucket=b.name, Key="models/iris", ACL="authenticated-read")
    case("for whoever is signed in", "ok", b.get(stranger))
    case("for whoever is signed in, nobody", PLAIN, b.get(None))
    case("for whoever is signed in, without an own side", PLAIN, b.get(user(C)[2]))
    canonical = client("s3", C).list_buckets()["Owner"]["ID"]
    b = opened()
    b.owner.put_bucket_acl(Bucket=b.name, GrantRead=f"id={canonical}")
    case("a bucket's read is its list", "ok", b.list(stranger))
    case("a bucket's read is no object", PLAIN, b.get(stranger))
    case("a bucket's read is no write", PLAIN, b.put(stranger))
    b.owner.put_bucket_acl(Bucket=b.name, GrantWrite=f"id={canonical}")
    case("a bucket's write", "ok", b.put(stranger, "theirs"))
    case("a bucket's write is no list", PLAIN, b.list(stranger))
    case("what a stranger wrote is not the owner's", DENIED, b.get(B, "theirs"))
    case("what a stranger wrote", "ok", b.get(stranger, "theirs"))
    b.policy(deny("s3:GetObject", Principal={"AWS": C}))
    case("the bucket's deny goes before the writer's list", DENIED, b.get(stranger, "theirs"))
    enforced = dict(Bucket=b.name, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]})
    shut = said(b.owner.put_bucket_ownership_controls, **enforced)
    case("a bucket with a list cannot turn lists off", "InvalidBucketAclWithObjectOwnership: ", shut)
    b.owner.put_bucket_acl(Bucket=b.name, ACL="private")
    b.owner.delete_bucket_policy(Bucket=b.name)
    case("a bucket with a private list can", "ok", said(b.owner.put_bucket_ownership_controls, **enforced))
    case("then everything is the owner's", "ok", b.get(B, "theirs"))
    case("then lists do not count", PLAIN, b.get(stranger, "theirs"))
    off = said(b.owner.put_object_acl, Bucket=b.name, Key="theirs", ACL="public-read")
    case("then lists cannot be written", "AccessControlListNotSupported: The bucket does not allow ACLs", off)


def of_buckets(case):
    b = Bucket(B, ownership="ObjectWriter", opened=True)
    block = lambda *names: b.owner.put_public_access_block(
        Bucket=b.name, PublicAccessBlockConfiguration={name: name in names for name in ALL}
    )
    public = lambda: said(b.owner.put_object_acl, Bucket=b.name, Key="models/iris", ACL="public-read")
    case(
        "a bucket without a configuration",
        "NoSuchPublicAccessBlockConfiguration: ",
        said(b.owner.get_public_access_block, Bucket=b.name),
    )
    block()
    case("a configuration that blocks nothing is one", "ok", said(b.owner.get_public_access_block, Bucket=b.name))
    case("a public list", "ok", public())
    case("a public list, anonymous", "ok", b.get(None))
    block("BlockPublicAcls")
    case(
        "a public list is blocked",
        'AccessDenied: User: arn:aws:iam::222222222222:root is not authorized to perform: s3:PutObjectAcl on resource: "'
        + b.arn
        + '/models/iris" because public access control lists (ACLs) are blocked',
        public(),
    )
    case("a public list that is there still counts", "ok", b.get(None))
    block("IgnorePublicAcls")
    case("a public list may be written where it is ignored", "ok", public())
    case("and is ignored", PLAIN, b.get(None))
    block("BlockPublicPolicy")
    everyone = lambda: said(
        b.owner.put_bucket_policy, Bucket=b.name, Policy=document(allow("s3:GetObject", b.objects, Principal="*"))
    )
    case("a public policy is blocked", "AccessDenied: ", everyone())
    block("RestrictPublicBuckets")
    case("a public policy may be written where it is restricted", "ok", everyone())
    case("and is restricted", PLAIN, b.get(user(C, allow())[2]))
    b.policy(allow("s3:GetObject", Principal={"AWS": C}))
    case("a policy for one account is not public", "ok", b.get(user(C, allow())[2]))


def of_accounts(case):
    b = Bucket(D, ownership="ObjectWriter", opened=True)
    b.owner.put_object_acl(Bucket=b.name, Key="models/iris", ACL="public-read")
    case(
        "an account without a configuration",
        "NoSuchPublicAccessBlockConfiguration: The public access block configuration was not found",
        said(control(D).get_public_access_block, AccountId=D),
    )
    block = lambda who=D, **on: said(
        control(who).put_public_access_block, AccountId=D, PublicAccessBlockConfiguration=on
    )
    case("before the account blocks", "ok", b.get(None))
    case("an account blocks", "ok", block(IgnorePublicAcls=True))
    shown = control(D).get_public_access_block(AccountId=D)["PublicAccessBlockConfiguration"]
    wanted = {name: name == "IgnorePublicAcls" for name in ALL}
    case("an account's configuration is told", "ok", "ok" if shown == wanted else str(shown))
    case("the account's configuration counts in its buckets", PLAIN, b.get(None))
    case(
        "the bucket's own is as it was",
        "NoSuchPublicAccessBlockConfiguration: ",
        said(b.owner.get_public_access_block, Bucket=b.name),
    )
    block(BlockPublicPolicy=True, BlockPublicAcls=True)
    everyone = lambda: said(
        b.owner.put_bucket_policy, Bucket=b.name, Policy=document(allow("s3:GetObject", b.objects, Principal="*"))
    )
    case("the account blocks a public policy", "AccessDenied: ", everyone())
    case(
        "the account blocks a public list",
        DENIED,
        said(b.owner.put_object_acl, Bucket=b.name, Key="models/iris", ACL="public-read"),
    )
    block(RestrictPublicBuckets=True)
    case("the account blocks no public policy", "ok", everyone())
    stranger = user(C, allow())[2]
    b.owner.put_object_acl(Bucket=b.name, Key="models/iris", ACL="private")
    case("the account restricts it", PLAIN, b.get(stranger))
    case("an account opens again", "ok", said(control(D).delete_public_access_block, AccountId=D))
    case("and its buckets with it", "ok", b.get(stranger))
    poor = user(D, allow("s3:PutBucketPublicAccessBlock"))
    needs = f"AccessDenied: User: {poor[1]} is not authorized to perform: s3:PutAccountPublicAccessBlock"
    case("an account's configuration needs its own action", needs, block(poor[2], BlockPublicAcls=True))
    case("with its own action", "ok", block(user(D, allow("s3:PutAccountPublicAccessBlock"))[2], BlockPublicAcls=True))
    case("of another account", DENIED, block(A, BlockPublicAcls=True))
    case("told to a session", "ok", said(control(session(role(D, allow()))).get_public_access_block, AccountId=D))
    control(D).delete_public_access_block(AccountId=D)
