"""Keys: their policies and grants, directly and behind S3, and what is above all accounts."""

from cloud import A, B, Bucket, allow, client, deny, document, fresh, role, said, session, session_arn, user

MANAGEMENT, OUTSIDE = "999999999999", "666666666666"


def run(report):
    case = report.case
    policies(case)
    behind_s3(case)
    organisation(case)


def key(account, *statements):
    """A key with these statements beside those that let its root manage it; without any, with the default policy."""
    kms = client("kms", account)
    root = allow(
        [
            "kms:Create*",
            "kms:Put*",
            "kms:Get*",
            "kms:Describe*",
            "kms:Disable*",
            "kms:Enable*",
            "kms:Schedule*",
            "kms:List*",
            "kms:Revoke*",
        ],
        Principal={"AWS": account},
    )
    policy = {"Policy": document(root, *statements)} if statements else {}
    return kms.create_key(**policy)["KeyMetadata"]["Arn"]


def encrypt(who, arn, **more):
    return said(client("kms", who).encrypt, KeyId=arn, Plaintext=b"x", **more)


def policies(case):
    _, arn, ann = user(A, allow("kms:*"))
    _, poor_arn, poor = user(A)
    usual = key(A)
    case("default policy and identity", "ok", encrypt(ann, usual))
    refusal = f"AccessDeniedException: User: {poor_arn} is not authorized to perform: kms:Encrypt on resource: {usual} because no identity-based policy allows the kms:Encrypt action"
    case("default policy without identity", refusal, encrypt(poor, usual))
    case("root", "ok", encrypt(A, usual))
    named = key(A, allow("kms:Encrypt", Principal={"AWS": poor_arn}))
    case("named without identity", "ok", encrypt(poor, named))
    refusal = f"AccessDeniedException: User: {arn} is not authorized to perform: kms:Encrypt on resource: {named} because no resource-based policy allows the kms:Encrypt action"
    case("identity without the key's policy", refusal, encrypt(ann, named))
    case("even root", "AccessDeniedException: ", encrypt(A, named))
    theirs = key(B, allow("kms:Encrypt", Principal={"AWS": A}))
    case("across accounts, both", "ok", encrypt(ann, theirs))
    strange = f"AccessDeniedException: User: {poor_arn} is not authorized to perform: kms:Encrypt on this resource because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    case("across accounts, only the key", strange, encrypt(poor, theirs))
    case("across accounts, only the caller", "AccessDeniedException: ", encrypt(ann, key(B)))
    held = key(
        A,
        allow("kms:Encrypt", Principal={"AWS": A}, condition={"StringEquals": {"kms:EncryptionContext:team": "iris"}}),
    )
    case("context", "ok", encrypt(ann, held, EncryptionContext={"team": "iris"}))
    case("another context", "AccessDeniedException: ", encrypt(ann, held, EncryptionContext={"team": "rose"}))
    case("no context", "AccessDeniedException: ", encrypt(ann, held))
    only = key(
        A,
        allow(
            "kms:Encrypt",
            Principal={"AWS": A},
            condition={"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["team"]}},
        ),
    )
    case(
        "a key of the context too many",
        "AccessDeniedException: ",
        encrypt(ann, only, EncryptionContext={"team": "iris", "x": "y"}),
    )
    case(
        "caller's account",
        "ok",
        encrypt(ann, key(A, allow("kms:Encrypt", Principal="*", condition={"StringEquals": {"kms:CallerAccount": A}}))),
    )
    kms = client("kms", A)
    sealed = kms.encrypt(KeyId=usual, Plaintext=b"x")["CiphertextBlob"]
    kms.disable_key(KeyId=usual)
    case("disabled", f"DisabledException: {usual} is disabled.", encrypt(ann, usual))
    case("disabled, to open", "DisabledException: ", said(kms.decrypt, CiphertextBlob=sealed))
    kms.enable_key(KeyId=usual)
    kms.schedule_key_deletion(KeyId=usual)
    case("pending deletion", f"KMSInvalidStateException: {usual} is pending deletion.", encrypt(ann, usual))
    case("not there", "NotFoundException: ", encrypt(ann, usual[:-4] + "0000"))
    case(
        "a policy for nobody",
        "MalformedPolicyDocumentException: ",
        said(
            kms.create_key,
            Policy=document(
                allow("kms:*", Principal={"AWS": f"arn:aws:iam::{A}:user/nobody"}), allow("kms:*", Principal={"AWS": A})
            ),
        ),
    )
    granted = key(A)
    grant = kms.create_grant(
        KeyId=granted,
        GranteePrincipal=poor_arn,
        Operations=["Encrypt", "Decrypt"],
        Constraints={"EncryptionContextSubset": {"team": "iris"}},
    )
    case("grant", "ok", encrypt(poor, granted, EncryptionContext={"team": "iris", "x": "y"}))
    case("grant, another context", "AccessDeniedException: ", encrypt(poor, granted))
    case("grant of other operations", "AccessDeniedException: ", said(client("kms", poor).describe_key, KeyId=granted))
    kms.revoke_grant(KeyId=granted, GrantId=grant["GrantId"])
    case(
        "grant that was revoked", "AccessDeniedException: ", encrypt(poor, granted, EncryptionContext={"team": "iris"})
    )
    reader = role(A)
    kms.create_grant(KeyId=granted, GranteePrincipal=reader, Operations=["Encrypt"])
    case("grant to a role", "ok", encrypt(session(reader), granted))
    kms.create_alias(AliasName="alias/models-1", TargetKeyId=granted)
    case("by alias", "ok", encrypt(ann, "alias/models-1"))


def behind_s3(case):
    # The reader's own side allows S3 and what is told of KMS.
    theirs = key(
        B, allow(["kms:Decrypt", "kms:GenerateDataKey"], Principal={"AWS": A}), allow("kms:*", Principal={"AWS": B})
    )
    sealed = dict(ServerSideEncryption="aws:kms", SSEKMSKeyId=theirs)
    b = Bucket(B, allow(Principal={"AWS": A}), **sealed)
    full = role(A, allow(), allow("kms:*"))
    case("both sides of both", "ok", b.get(session(full)))
    case("head, too", "ok", b.head(session(full)))
    bare = role(A, allow())
    decrypt = f"AccessDenied: User: {session_arn(bare)} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"
    case("without the caller's side of the key", decrypt, b.get(session(bare)))
    case("head without the caller's side of the key", "403: Forbidden", b.head(session(bare)))
    exact = role(A, allow(), allow("kms:Decrypt", theirs))
    case("only to open, get", "ok", b.get(session(exact)))
    case(
        "only to open, put",
        "AccessDenied: User: " + session_arn(exact) + " is not authorized to perform: kms:GenerateDataKey",
        b.put(session(exact), **sealed),
    )
    case("put", "ok", b.put(session(full), **sealed))
    via = role(A, allow(), allow("kms:*", condition={"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}))
    case("by way of S3", "ok", b.get(session(via)))
    case(
        "not by way of S3",
        "AccessDeniedException: ",
        said(client("kms", session(via)).encrypt, KeyId=theirs, Plaintext=b"x"),
    )
    case(
        "by way of another region's",
        "AccessDenied",
        b.get(
            session(
                role(
                    A,
                    allow(),
                    allow("kms:*", condition={"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}),
                )
            )
        ),
    )
    object_arn = f"{b.arn}/models/iris"
    case(
        "context",
        "ok",
        b.get(
            session(
                role(
                    A,
                    allow(),
                    allow("kms:*", condition={"StringEquals": {"kms:EncryptionContext:aws:s3:arn": object_arn}}),
                )
            )
        ),
    )
    case(
        "another context",
        "AccessDenied",
        b.get(
            session(
                role(
                    A, allow(), allow("kms:*", condition={"StringEquals": {"kms:EncryptionContext:aws:s3:arn": b.arn}})
                )
            )
        ),
    )
    case(
        "from here only, which S3 is not",
        "AccessDenied",
        b.get(session(role(A, allow(), allow("kms:*", condition={"IpAddress": {"aws:SourceIp": "127.0.0.1"}})))),
    )
    case(
        "through services only",
        "ok",
        b.get(session(role(A, allow(), allow("kms:*", condition={"Bool": {"aws:ViaAWSService": "true"}})))),
    )
    own = Bucket(A, **dict(ServerSideEncryption="aws:kms", SSEKMSKeyId=key(A)))
    words = f"AccessDenied: User: {session_arn(bare)} is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action"
    case("one account, without the key", words, own.get(session(bare)))
    managed_key = Bucket(B, allow(Principal={"AWS": A}), ServerSideEncryption="aws:kms")
    case("the key aws/s3 is for its own account", "AccessDenied", managed_key.get(session(full)))
    case("the key aws/s3 in its own account", "ok", managed_key.get(user(B, allow())[2]))
    kms = client("kms", B)
    kms.disable_key(KeyId=theirs)
    case("disabled", "KMS.DisabledException: ", b.get(session(full)))
    case("disabled, and not allowed", "AccessDenied: ", b.get(session(bare)))
    kms.enable_key(KeyId=theirs)
    kms.put_key_policy(KeyId=theirs, PolicyName="default", Policy=document(allow("kms:*", Principal={"AWS": B})))
    case("without the key's side", "AccessDenied", b.get(session(full)))
    case(
        "a key that is not there",
        "KMS.NotFoundException: ",
        own.put(
            user(A, allow(), allow("kms:*"))[2],
            ServerSideEncryption="aws:kms",
            SSEKMSKeyId="00000000-0000-0000-0000-000000000000",
        ),
    )
    case(
        "a key without its algorithm",
        "InvalidArgument: Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
        own.put(A, SSEKMSKeyId=theirs),
    )


def organisation(case):
    organizations = client("organizations", MANAGEMENT)
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="RESOURCE_CONTROL_POLICY")
    join = lambda name: organizations.create_account(AccountName=name, Email=f"{name}@example.com")[
        "CreateAccountStatus"
    ]["AccountId"]
    first, second = join("first"), join("second")
    unit = organizations.create_organizational_unit(ParentId=root, Name="teams")["OrganizationalUnit"]["Id"]
    organizations.move_account(AccountId=first, SourceParentId=root, DestinationParentId=unit)
    full = "p-FullAWSAccess"

    class control:
        """A control policy at a place, for as long as a block lasts."""

        def __init__(self, target, *statements, kind="SERVICE_CONTROL_POLICY", instead=False):
            self.place, self.text, self.kind, self.instead = target, document(*statements), kind, instead

        def __enter__(self):
            created = organizations.create_policy(
                Name=fresh("control"), Description="", Type=self.kind, Content=self.text
            )
            self.id = created["Policy"]["PolicySummary"]["Id"]
            organizations.attach_policy(PolicyId=self.id, TargetId=self.place)
            if self.instead:
                organizations.detach_policy(PolicyId=full, TargetId=self.place)

        def __exit__(self, *_):
            if self.instead:
                organizations.attach_policy(PolicyId=full, TargetId=self.place)
            organizations.detach_policy(PolicyId=self.id, TargetId=self.place)

    _, arn, ann = user(first, allow("*"))
    b = Bucket(first)
    iris = f"{b.arn}/models/iris"
    refusal = (
        lambda who, kind: f'AccessDenied: User: {who} is not authorized to perform: s3:GetObject on resource: "{iris}" with an explicit deny in a {kind} control policy'
    )
    case("before", "ok", b.get(ann))
    for place in [root, unit, first]:
        with control(place, deny("s3:GetObject")):
            case(f"denied at {place[:2]}", refusal(arn, "service"), b.get(ann))
        with control(place, allow("ec2:*"), instead=True):
            case(f"not allowed at {place[:2]}", refusal(arn, "service"), b.get(ann))
        with control(place, allow("s3:*"), instead=True):
            case(f"allowed at {place[:2]}", "ok", b.get(ann))
    with control(unit, deny("s3:*", condition={"StringNotLike": {"aws:PrincipalArn": arn}})):
        case("all but one, the one", "ok", b.get(ann))
        case("all but one, root", refusal(f"arn:aws:iam::{first}:root", "service"), b.get(first))
    with control(root, deny("s3:GetObject")):
        own = Bucket(MANAGEMENT)
        case("the management account is spared", "ok", own.get(user(MANAGEMENT, allow())[2]))
        outside = user(OUTSIDE, allow())[2]
        b.policy(allow("s3:GetObject", Principal={"AWS": OUTSIDE}))
        case("callers from outside are not limited", "ok", b.get(outside))
        b.policy(allow("s3:GetObject", Principal={"AWS": arn}))
        case("naming a user is no way around", refusal(arn, "service"), b.get(ann))
    theirs = Bucket(OUTSIDE, allow(Principal={"AWS": first}))
    with control(
        first, deny("s3:*", condition={"StringNotEqualsIfExists": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}})
    ):
        case("only to the own organisation, outside", "AccessDenied: Access Denied", theirs.get(ann))
        case("only to the own organisation, inside", "ok", b.get(ann))
    # Inside of an organisation refusals are told across accounts.
    other = Bucket(second)
    case(
        "told across accounts",
        f'AccessDenied: User: {arn} is not authorized to perform: s3:GetObject on resource: "{other.arn}/models/iris" because no resource-based policy allows the s3:GetObject action',
        other.get(ann),
    )
    other.policy(allow("s3:GetObject", Principal="*", condition={"StringEquals": {"aws:PrincipalOrgID": made["Id"]}}))
    case("the organisation's id", "ok", other.get(ann))
    case("the management account belongs to it", "ok", other.get(user(MANAGEMENT, allow())[2]))
    case("a stranger does not", "AccessDenied: Access Denied", other.get(user(OUTSIDE, allow())[2]))
    case("nobody does not", "AccessDenied: Access Denied", other.get(None))
    other.policy(
        allow(
            "s3:GetObject",
            Principal="*",
            condition={
                "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{made['Id']}/{root}/{unit}/*"},
                "StringEquals": {"aws:PrincipalOrgID": made["Id"]},
            },
        )
    )
    case("the path of a unit", "ok", other.get(ann))
    case("another path", "AccessDenied: ", other.get(user(MANAGEMENT, allow())[2]))
    # What is above resources.
    perimeter = deny(
        ["s3:*", "sts:AssumeRole"],
        Principal="*",
        condition={
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": made["Id"]},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    )
    b.policy(allow("s3:GetObject", Principal={"AWS": [OUTSIDE, second]}))
    b.owner.put_public_access_block(Bucket=b.name, PublicAccessBlockConfiguration={})
    stranger = user(OUTSIDE, allow("*"))
    with control(unit, perimeter, kind="RESOURCE_CONTROL_POLICY"):
        case("perimeter, its own", "ok", b.get(ann))
        case("perimeter, another member", "ok", b.get(user(second, allow())[2]))
        case("perimeter, a stranger", "AccessDenied: Access Denied", b.get(stranger[2]))
        trusted = role(first, trust=[allow("sts:AssumeRole", None, Principal={"AWS": OUTSIDE})])
        case(
            "perimeter, a role",
            f"AccessDenied: User: {stranger[1]} is not authorized to perform: sts:AssumeRole on resource: {trusted}",
            said(client("sts", stranger[2]).assume_role, RoleArn=trusted, RoleSessionName="s1"),
        )
    with control(unit, deny("s3:GetObject", Principal="*"), kind="RESOURCE_CONTROL_POLICY"):
        case("denied to all", refusal(arn, "resource"), b.get(ann))
        case("denied to root", refusal(f"arn:aws:iam::{first}:root", "resource"), b.get(first))
    with control(root, deny("s3:GetObject", Principal="*"), kind="RESOURCE_CONTROL_POLICY"):
        case("resources of the management account are spared", "ok", own.get(user(MANAGEMENT, allow())[2]))
    create = lambda kind, *statements: said(
        organizations.create_policy, Name=fresh("control"), Description="", Type=kind, Content=document(*statements)
    )
    case(
        "an RCP that allows",
        "MalformedPolicyDocumentException: ",
        create("RESOURCE_CONTROL_POLICY", allow(Principal="*")),
    )
    case(
        "an RCP for one",
        "MalformedPolicyDocumentException: ",
        create("RESOURCE_CONTROL_POLICY", deny(Principal={"AWS": first})),
    )
    case(
        "an RCP with NotAction",
        "MalformedPolicyDocumentException: ",
        create("RESOURCE_CONTROL_POLICY", deny(None, NotAction="s3:*", Principal="*")),
    )
    case(
        "an SCP with a principal",
        "MalformedPolicyDocumentException: ",
        create("SERVICE_CONTROL_POLICY", deny(Principal="*")),
    )
    case(
        "not by a member",
        "AccessDeniedException: ",
        said(client("organizations", first).list_policies, Filter="SERVICE_CONTROL_POLICY"),
    )
