"""KMS beyond the key's policy: grants in and across accounts, and the keys that its conditions read."""

from cloud import A, B, C, allow, client, deny, fresh, role, said, session, user
from keys import encrypt, key

DENIED = "AccessDeniedException: "


def run(report):
    grants(report.case)
    conditions(report.case)


def decrypt(who, sealed, **more):
    return said(client("kms", who).decrypt, CiphertextBlob=sealed, **more)


def grants(case):
    kms = client("kms", B)
    theirs = key(B)
    sealed = kms.encrypt(KeyId=theirs, Plaintext=b"x")["CiphertextBlob"]
    _, arn, ann = user(A, allow("kms:*"))
    case("across accounts without a grant", DENIED, decrypt(ann, sealed))
    grant = kms.create_grant(KeyId=theirs, GranteePrincipal=arn, Operations=["Decrypt"])
    case("a grant across accounts", "ok", decrypt(ann, sealed))
    case("a grant across accounts, another operation", DENIED, encrypt(ann, theirs))
    case("a grant across accounts, another user", DENIED, decrypt(user(A, allow("kms:*"))[2], sealed))
    _, denied_arn, denied = user(A, allow("kms:*"), deny("kms:Decrypt"))
    kms.create_grant(KeyId=theirs, GranteePrincipal=denied_arn, Operations=["Decrypt"])
    case("a grant and an own deny", DENIED, decrypt(denied, sealed))
    case("revoked by a stranger", DENIED, said(client("kms", ann).revoke_grant, KeyId=theirs, GrantId=grant["GrantId"]))
    kms.revoke_grant(KeyId=theirs, GrantId=grant["GrantId"])
    case("a grant across accounts, revoked", DENIED, decrypt(ann, sealed))
    reader = role(A, allow("kms:*"))
    retiring = kms.create_grant(
        KeyId=theirs, GranteePrincipal=reader, RetiringPrincipal=reader, Operations=["Decrypt", "RetireGrant"]
    )
    case("a grant to a role of another account", "ok", decrypt(session(reader), sealed))
    case("a grant limited by a session policy", DENIED, decrypt(session(reader, [allow("s3:*")]), sealed))
    retire = lambda who: said(client("kms", who).retire_grant, KeyId=theirs, GrantId=retiring["GrantId"])
    case("retired by another", DENIED, retire(ann))
    case("retired by its principal", "ok", retire(session(reader)))
    case("a grant that was retired", DENIED, decrypt(session(reader), sealed))
    # Constraints.
    _, bob_arn, bob = user(B)
    context = {"team": "iris"}
    bound = kms.encrypt(KeyId=theirs, Plaintext=b"x", EncryptionContext=context)["CiphertextBlob"]
    kms.create_grant(
        KeyId=theirs,
        GranteePrincipal=bob_arn,
        Operations=["Encrypt", "Decrypt"],
        Constraints={"EncryptionContextEquals": context},
    )
    case("a grant held to a context", "ok", decrypt(bob, bound, EncryptionContext=context))
    case(
        "a grant held to a context, more than it", DENIED, encrypt(bob, theirs, EncryptionContext={**context, "x": "y"})
    )
    case("a grant held to a context, none", DENIED, encrypt(bob, theirs))
    case("another context than sealed with", "InvalidCiphertextException: ", said(kms.decrypt, CiphertextBlob=bound))
    # Who may give grants.
    able = key(
        B,
        allow("kms:CreateGrant", Principal={"AWS": bob_arn}, condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    )
    give = lambda who, which, **more: said(
        client("kms", who).create_grant,
        KeyId=which,
        **{"GranteePrincipal": bob_arn, "Operations": ["Encrypt"], **more},
    )
    case("only for resources of AWS", DENIED, give(bob, able))
    some = key(
        B,
        allow(
            "kms:CreateGrant",
            Principal={"AWS": bob_arn},
            condition={"ForAllValues:StringEquals": {"kms:GrantOperations": ["Encrypt", "Decrypt"]}},
        ),
    )
    case("held to operations", "ok", give(bob, some))
    case("held to operations, one more", DENIED, give(bob, some, Operations=["Encrypt", "GenerateDataKey"]))
    one = key(
        B,
        allow(
            "kms:CreateGrant", Principal={"AWS": bob_arn}, condition={"StringEquals": {"kms:GranteePrincipal": bob_arn}}
        ),
    )
    case("held to a grantee", "ok", give(bob, one))
    case("held to another grantee", DENIED, give(bob, one, GranteePrincipal=arn))
    typed = key(
        B,
        allow(
            "kms:CreateGrant",
            Principal={"AWS": bob_arn},
            condition={"StringEquals": {"kms:GrantConstraintType": "EncryptionContextEquals"}},
        ),
    )
    case("held to a kind of constraint", "ok", give(bob, typed, Constraints={"EncryptionContextEquals": context}))
    case("held to a kind of constraint, none", DENIED, give(bob, typed))
    case(
        "a grant for nobody", "InvalidArnException: ", give(B, theirs, GranteePrincipal=f"arn:aws:iam::{A}:user/nobody")
    )


def conditions(case):
    kms = client("kms", A)
    _, _, ann = user(A, allow("kms:*"))
    named, other = f"alias/{fresh('a')}", f"alias/{fresh('a')}"
    held = key(A, allow("kms:Encrypt", Principal={"AWS": A}, condition={"StringEquals": {"kms:RequestAlias": named}}))
    for alias in [named, other]:
        kms.create_alias(AliasName=alias, TargetKeyId=held)
    case("held to the alias that is used", "ok", encrypt(ann, named))
    case("held to the alias that is used, another", DENIED, encrypt(ann, other))
    case("held to the alias that is used, none", DENIED, encrypt(ann, held))
    by_alias = lambda alias: user(
        A, allow("kms:*", condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": alias}})
    )[2]
    usual = key(A)
    mine = f"alias/{fresh('b')}"
    kms.create_alias(AliasName=mine, TargetKeyId=usual)
    case("a key with such an alias", "ok", encrypt(by_alias("alias/b-*"), usual))
    case("a key without such an alias", DENIED, encrypt(by_alias("alias/c-*"), usual))
    here = lambda condition: encrypt(user(A, allow("kms:*", condition=condition))[2], usual)
    case("the caller's account", "ok", here({"StringEquals": {"kms:CallerAccount": A}}))
    case("the algorithm", "ok", here({"StringEquals": {"kms:EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}}))
    case("by way of no service", "ok", here({"Null": {"kms:ViaService": "true"}}))
    case(
        "the kind of key",
        "ok",
        here({"StringEquals": {"kms:KeySpec": "SYMMETRIC_DEFAULT", "kms:KeyUsage": "ENCRYPT_DECRYPT"}}),
    )
    case("where the key comes from", "ok", here({"StringEquals": {"kms:KeyOrigin": "AWS_KMS"}}))
    case("where the key does not come from", DENIED, here({"StringEquals": {"kms:KeyOrigin": "EXTERNAL"}}))
    tagged = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "iris"}])["KeyMetadata"]["Arn"]
    by_tag = user(A, allow("kms:*", condition={"StringEquals": {"aws:ResourceTag/team": "iris"}}))[2]
    case("a key's tag", "ok", encrypt(by_tag, tagged))
    case("no tag of a key", DENIED, encrypt(by_tag, usual))
    # To encrypt again needs both ends.
    sealed = kms.encrypt(KeyId=usual, Plaintext=b"x")["CiphertextBlob"]
    again = lambda *statements: said(
        client("kms", user(A, *statements)[2]).re_encrypt, CiphertextBlob=sealed, DestinationKeyId=tagged
    )
    case("again, both ends", "ok", again(allow("kms:ReEncrypt*")))
    case("again, only from", DENIED, again(allow("kms:ReEncryptFrom")))
    case("again, only to", DENIED, again(allow("kms:ReEncryptTo")))
    case(
        "again, from this one to that one",
        "ok",
        again(allow("kms:ReEncryptFrom", usual), allow("kms:ReEncryptTo", tagged)),
    )
    case(
        "again, the other way round", DENIED, again(allow("kms:ReEncryptFrom", tagged), allow("kms:ReEncryptTo", usual))
    )
    data = lambda action, call: said(
        getattr(client("kms", user(A, allow(action))[2]), call), KeyId=usual, KeySpec="AES_256"
    )
    case("a data key", "ok", data("kms:GenerateDataKey", "generate_data_key"))
    case("a data key without its plaintext", DENIED, data("kms:GenerateDataKey", "generate_data_key_without_plaintext"))
    case(
        "a data key without its plaintext, by its action",
        "ok",
        data("kms:GenerateDataKeyWithoutPlaintext", "generate_data_key_without_plaintext"),
    )
    case("a third account", DENIED, encrypt(user(C, allow("kms:*"))[2], usual))
