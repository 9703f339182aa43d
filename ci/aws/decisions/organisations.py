"""Control policies with conditions and exceptions, of services and of resources, at a unit of the organisation that `keys` made."""

from cloud import Bucket, allow, client, deny, document, fresh, role, said, session, user
from roles import become, trusting

DENIED = "AccessDenied: "
PLAIN = "AccessDenied: Access Denied"


class Organisation:
    """The organisation that there is already: a member below a unit, one beside it, and a stranger."""

    def __init__(self, management, outside):
        self.management, self.outside = management, outside
        self.api = client("organizations", management)
        self.root = self.api.list_roots()["Roots"][0]["Id"]
        self.id = self.api.describe_organization()["Organization"]["Id"]
        self.unit = self.api.create_organizational_unit(ParentId=self.root, Name=fresh("unit"))["OrganizationalUnit"]["Id"]
        self.inside, self.beside = self.join(), self.join()
        self.api.move_account(AccountId=self.inside, SourceParentId=self.root, DestinationParentId=self.unit)

    def join(self):
        name = fresh("account")
        made = self.api.create_account(AccountName=name, Email=f"{name}@example.com")
        return made["CreateAccountStatus"]["AccountId"]

    def under(self, *statements, kind="SERVICE_CONTROL_POLICY", instead=False):
        return Control(self, statements, kind, instead)


class Control:
    """A control policy at the unit, for as long as a block lasts; in place of the one that allows everything if it shall be."""

    FULL = "p-FullAWSAccess"

    def __init__(self, organisation, statements, kind, instead):
        self.of, self.statements, self.kind, self.instead = organisation, statements, kind, instead

    def __enter__(self):
        api, target = self.of.api, self.of.unit
        made = api.create_policy(
            Name=fresh("control"), Description="", Type=self.kind, Content=document(*self.statements)
        )
        self.id = made["Policy"]["PolicySummary"]["Id"]
        api.attach_policy(PolicyId=self.id, TargetId=target)
        if self.instead:
            api.detach_policy(PolicyId=self.FULL, TargetId=target)

    def __exit__(self, *_):
        api, target = self.of.api, self.of.unit
        if self.instead:
            api.attach_policy(PolicyId=self.FULL, TargetId=target)
        api.detach_policy(PolicyId=self.id, TargetId=target)


def run(report, management, outside):
    o = Organisation(management, outside)
    services(report.case, o)
    resources(report.case, o)
    refused(report.case, o)


def services(case, o):
    bucket = Bucket(o.inside)
    name, arn, ann = user(o.inside, allow("*"))
    reading = session(role(o.inside, allow("*")))
    tagged = session(role(o.inside, allow("*"), tagged={"trusted": "yes"}))
    get, iam = lambda: bucket.get(ann), lambda: said(client("iam", ann).list_users)
    region = {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}
    with o.under(deny(None, NotAction=["iam:*", "sts:*"], condition=region)):
        case("all but global services outside of a region", DENIED, get())
        case("global services", "ok", iam())
        there = Bucket.__new__(Bucket)
        there.name, there.owner = fresh("bucket"), client("s3", o.inside, region_name="eu-west-1")
        place = {"LocationConstraint": "eu-west-1"}
        case("inside of the region", "ok", said(there.owner.create_bucket, Bucket=there.name, CreateBucketConfiguration=place))
    with o.under(allow(None, NotAction="iam:*"), instead=True):
        case("everything but one service is allowed", "ok", get())
        case("that service is not", DENIED, iam())
    with o.under(allow("s3:*", condition={"StringEquals": {"aws:PrincipalArn": arn}}), allow("sts:*"), instead=True):
        case("allowed under a condition", "ok", get())
        case("allowed under a condition, another", DENIED, bucket.get(reading))
        case("allowed under a condition, root", DENIED, bucket.get(o.inside))
    with o.under(allow("s3:*", bucket.objects), instead=True):
        case("allowed for one resource", "ok", get())
        case("allowed for one resource, another", DENIED, bucket.list(ann))
    other = Bucket(o.inside, key=None)
    with o.under(deny("s3:*", NotResource=[bucket.arn, bucket.objects])):
        case("denied for all others", "ok", get())
        case("denied for all others, another", DENIED, other.list(ann))
    with o.under(deny("s3:GetObject", condition={"Bool": {"aws:PrincipalIsAWSService": "false"}, "Null": {"aws:PrincipalTag/trusted": "true"}})):
        case("denied without a tag", DENIED, get())
        case("denied without a tag, a session with it", "ok", bucket.get(tagged))
    with o.under(deny("sts:AssumeRole", f"arn:aws:iam::*:role/admin/*")):
        case("a role below a path", DENIED, become(ann, role(o.inside, path="/admin/")))
        case("a role beside the path", "ok", become(ann, role(o.inside)))
        # It binds callers, not roles.
        trusted = role(o.inside, trust=trusting(o.outside), path="/admin/")
        case("a caller from outside", "ok", become(user(o.outside, allow("sts:*"))[2], trusted))
    with o.under(deny("kms:Decrypt")):
        key = client("kms", o.inside).create_key()["KeyMetadata"]["Arn"]
        sealed = Bucket(o.inside, key=None)
        sealed.owner.put_object(Bucket=sealed.name, Key="models/iris", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
        case("a key behind an object", DENIED, sealed.get(ann))
    with o.under(deny("s3:GetObject")):
        opened = Bucket(o.inside, allow("s3:GetObject", Principal="*"), opened=True)
        case("nobody is no member", "ok", opened.get(None))
        case("a member of the account is", DENIED, opened.get(ann))
        case("who one is", "ok", said(client("sts", ann).get_caller_identity))


def resources(case, o):
    RCP = "RESOURCE_CONTROL_POLICY"
    _, arn, ann = user(o.inside, allow("*"))
    bucket = Bucket(o.inside, allow("s3:GetObject", Principal="*"), opened=True)
    stranger = user(o.outside, allow("*"))[2]
    everyone = lambda *a, **k: deny(*a, Principal="*", **k)
    with o.under(everyone("s3:GetObject", condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": o.id}}), kind=RCP):
        case("nobody is outside, too", PLAIN, bucket.get(None))
        case("a stranger is outside", PLAIN, bucket.get(stranger))
        case("a member is inside", "ok", bucket.get(ann))
        case("a member beside is inside", "ok", bucket.get(user(o.beside, allow("*"))[2]))
    with o.under(everyone("s3:GetObject", condition={"StringNotEquals": {"aws:PrincipalOrgID": o.id}}), kind=RCP):
        case("negated and absent denies nobody's request", PLAIN, bucket.get(None))
    with o.under(everyone("s3:*", NotResource=f"{bucket.arn}/models/*"), kind=RCP):
        case("all but one place", "ok", bucket.get(ann))
        case("all but one place, another", DENIED, bucket.put(ann, "other"))
    with o.under(everyone("s3:*", condition={"Bool": {"aws:SecureTransport": "false"}}), kind=RCP):
        case("only over TLS", "ok", bucket.get(ann))
    with o.under(everyone("s3:GetObject", condition={"ArnNotEquals": {"aws:PrincipalArn": arn}}), kind=RCP):
        case("all but one, that one", "ok", bucket.get(ann))
        case("all but one, root", DENIED, bucket.get(o.inside))
        theirs = Bucket(o.outside, allow("s3:GetObject", Principal={"AWS": o.inside}))
        case("resources of others are not bound", "ok", theirs.get(user(o.inside, allow("*"))[2]))
        case("resources of a member beside are not bound", "ok", Bucket(o.beside).get(o.beside))
    with o.under(everyone("sts:AssumeRole", condition={"StringNotEquals": {"sts:ExternalId": "e-1"}}), kind=RCP):
        open_to = role(o.inside, trust=trusting(o.inside))
        case("a role without its external id", DENIED, become(ann, open_to))
        case("a role with its external id", "ok", become(ann, open_to, ExternalId="e-1"))
    key = client("kms", o.inside).create_key()["KeyMetadata"]["Arn"]
    with o.under(everyone("kms:Encrypt"), kind=RCP):
        case("a key", "AccessDeniedException: ", said(client("kms", ann).encrypt, KeyId=key, Plaintext=b"x"))
        case("another use of the key", "ok", said(client("kms", ann).describe_key, KeyId=key))


def refused(case, o):
    create = lambda kind, *statements, **more: said(
        o.api.create_policy, Name=fresh("control"), Description="", Type=kind, Content=document(*statements, **more)
    )
    service, resource = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
    case("an SCP that allows under a condition", "ok", create(service, allow("s3:*", condition={"Bool": {"aws:SecureTransport": "true"}})))
    case("an SCP of what is not named", "ok", create(service, allow(NotResource="arn:aws:s3:::secret/*")))
    case("an SCP with NotPrincipal", "MalformedPolicyDocumentException: ", create(service, deny("s3:*", NotPrincipal={"AWS": o.inside})))
    case("an RCP for every action", "MalformedPolicyDocumentException: ", create(resource, deny("*", Principal="*")))
    case("an RCP without a principal", "MalformedPolicyDocumentException: ", create(resource, deny("s3:*")))
    case("an RCP with NotPrincipal", "MalformedPolicyDocumentException: ", create(resource, deny("s3:*", NotPrincipal="*")))
    case("a policy that is too long", "ConstraintViolationException: ", create(service, *[deny("s3:*", f"arn:aws:s3:::{'b' * 50}{n}/*") for n in range(100)]))
    case("an SCP without a version", "MalformedPolicyDocumentException: ", create(service, deny("s3:*"), version=None))
    case("an SCP of the old version", "MalformedPolicyDocumentException: ", create(service, deny("s3:*"), version="2008-10-17"))
    case("an RCP without a version", "MalformedPolicyDocumentException: ", create(resource, deny("s3:*", Principal="*"), version=None))
    case("an RCP for a service and every action", "MalformedPolicyDocumentException: ", create(resource, deny(["s3:*", "*"], Principal="*")))
