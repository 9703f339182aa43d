"""What moves objects: presigned URLs, copies over accounts, uploads in parts, and the keys that S3 reads from a write."""

import contextlib
import datetime
import os
import ssl
import urllib.error
import urllib.request
import xml.etree.ElementTree
from unittest import mock

from cloud import A, B, C, Bucket, allow, client, deny, document, role, said, session, user
from keys import key

DENIED = "AccessDenied: "
PLAIN = "AccessDenied: Access Denied"


def run(report):
    presigned(report.case)
    copies(report.case)
    in_parts(report.case)
    writes(report.case)


@contextlib.contextmanager
def at(moment):
    """Signs as if it were another time."""
    # Version 4 asks botocore for the time, version 2 the clock.
    naive = moment.replace(tzinfo=None)
    with (
        mock.patch("botocore.auth.get_current_datetime", lambda: naive),
        mock.patch("botocore.auth.time.time", moment.timestamp),
    ):
        yield


def presign(who, method, bucket, name="models/iris", expires=600, ago=0, version="s3v4", **more):
    then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ago)
    with at(then):
        parameters = {"Bucket": bucket.name, "Key": name, **more}
        signer = client("s3", who, signature_version=version)
        return signer.generate_presigned_url(method, Params=parameters, ExpiresIn=expires)


def fetch(url, method="GET", body=None, **headers):
    """`ok`, or `CODE: message`."""
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    try:
        urllib.request.urlopen(urllib.request.Request(url, body, headers, method=method), context=context).read()
        return "ok"
    except urllib.error.HTTPError as error:
        found = xml.etree.ElementTree.fromstring(error.read())
        return f"{found.findtext('Code')}: {found.findtext('Message')}"


def presigned(case):
    b = Bucket(A)
    name, _, ann = user(A, allow())
    for version in ["s3v4", "s3"]:
        get = lambda who=ann, method="get_object", **more: presign(who, method, b, version=version, **more)
        rule = lambda text: f"presigned ({version}){text}"
        case(rule(""), "ok", fetch(get()))
        case(rule(" by a session"), "ok", fetch(get(session(role(A, allow())))))
        no = session(role(A, allow()), [allow("s3:PutObject")])
        case(rule(" by a session that may not"), DENIED, fetch(get(no)))
        case(rule(" by who may not"), DENIED, fetch(get(user(A)[2])))
        case(rule(" and expired"), "AccessDenied: Request has expired", fetch(get(expires=60, ago=120)))
        case(rule(" a while ago"), "ok", fetch(get(expires=600, ago=120)))
        case(rule(" for another method"), "SignatureDoesNotMatch: ", fetch(get(), "PUT", b"x"))
        case(rule(" for another key"), "SignatureDoesNotMatch: ", fetch(get().replace("iris?", "rose?")))
        more = get() + "&response-content-type=text/plain"
        case(rule(", and a parameter more"), "SignatureDoesNotMatch: ", fetch(more))
        case(rule(" with that parameter"), "ok", fetch(get(ResponseContentType="text/plain")))
        case(rule(" to put"), "ok", fetch(get(method="put_object", name="put"), "PUT", b"x", **{"Content-Type": ""}))
        both = fetch(get(), Authorization="AWS4-HMAC-SHA256 Credential=x")
        case(rule(" and signed"), "InvalidArgument: Only one auth mechanism allowed", both)
        theirs = Bucket(B, allow(Principal={"AWS": A}))
        across = lambda who: fetch(presign(who, "get_object", theirs, version=version))
        case(rule(" across accounts"), "ok", across(session(role(A, allow()))))
        case(rule(" across accounts, one side"), PLAIN, across(session(role(A))))
        by_query = user(A, allow(condition={"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}))[2]
        case(rule(", and only so"), "ok", fetch(get(by_query)))
        case(rule(", and only so, by header"), DENIED, b.get(by_query))
        new = deny("s3:*", condition={"StringNotEquals": {"s3:signatureversion": "AWS4-HMAC-SHA256"}})
        case(
            rule(" where only version 4 may"),
            "ok" if version == "s3v4" else DENIED,
            fetch(get(user(A, allow(), new)[2])),
        )
    get = lambda who=ann, **more: presign(who, "get_object", b, **more)
    case("presigned for the future", "AccessDenied: Request is not valid yet", fetch(get(ago=-3600)))
    too_long = "AuthorizationQueryParametersError: X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds"
    case("presigned for more than a week", too_long, fetch(get(expires=604801)))
    case("presigned for a week", "ok", fetch(get(expires=604800)))
    half = get().split("&X-Amz-Signature")[0]
    case(
        "presigned without its signature", "AuthorizationQueryParametersError: Query-string authentication", fetch(half)
    )
    short = deny("s3:*", condition={"NumericGreaterThan": {"s3:signatureAge": "60000"}})
    old = user(A, allow(), short)[2]
    case("an old signature is denied", DENIED, fetch(get(old, ago=120)))
    case("a young signature is not", "ok", fetch(get(old)))
    headers_only = user(A, allow(condition={"StringEquals": {"s3:authType": "REST-HEADER"}}))[2]
    case("only signed by header", "ok", b.get(headers_only))
    case("only signed by header, presigned", DENIED, fetch(get(headers_only)))
    url = get()
    client("iam", A).delete_user_policy(UserName=name, PolicyName="own")
    case("presigned by who may no longer", DENIED, fetch(url))
    client("iam", A).delete_access_key(UserName=name, AccessKeyId=ann["AccessKeyId"])
    case("presigned with a key that is gone", "InvalidAccessKeyId: ", fetch(url))


def copies(case):
    source = Bucket(B, allow(["s3:GetObject", "s3:ListBucket"], Principal={"AWS": A}))
    target = Bucket(A)

    def copy(who, to=target, name="models/iris", **more):
        parameters = dict(Bucket=to.name, Key="copy", CopySource={"Bucket": source.name, "Key": name})
        return said(client("s3", who).copy_object, **{**parameters, **more})

    full = session(role(A, allow()))
    case("from another account", "ok", copy(full))
    case("from another account without the write", DENIED, copy(session(role(A, allow("s3:GetObject")))))
    case("from another account without the read", PLAIN, copy(session(role(A, allow("s3:PutObject")))))
    case("into a third account", PLAIN, copy(full, Bucket(C)))
    open_c = Bucket(C, allow("s3:PutObject", Principal={"AWS": A}))
    case("into a third account that allows", "ok", copy(full, open_c))
    case("by the source's account, which may not write", PLAIN, copy(B))
    absent = copy(full, name="nope")
    case("a source that is not there, with the list", "NoSuchKey: The specified key does not exist.", absent)
    source.policy(allow("s3:GetObject", Principal={"AWS": A}))
    case("a source that is not there, without the list", PLAIN, copy(full, name="nope"))
    source.owner.put_bucket_versioning(Bucket=source.name, VersioningConfiguration={"Status": "Enabled"})
    version = source.owner.put_object(Bucket=source.name, Key="models/iris", Body=b"2")["VersionId"]
    versioned = {"Bucket": source.name, "Key": "models/iris", "VersionId": version}
    case("a version needs its own action", PLAIN, copy(full, CopySource=versioned))
    source.policy(allow(["s3:GetObject", "s3:GetObjectVersion"], Principal={"AWS": A}))
    case("a version with its own action", "ok", copy(full, CopySource=versioned))
    only = lambda statement: session(role(A, allow("s3:GetObject"), statement))
    from_there = {"StringLike": {"s3:x-amz-copy-source": f"{source.name}/models/*"}}
    case("held to a source", "ok", copy(only(allow("s3:PutObject", condition=from_there))))
    elsewhere = {"StringLike": {"s3:x-amz-copy-source": f"{source.name}/other/*"}}
    case("held to another source", DENIED, copy(only(allow("s3:PutObject", condition=elsewhere))))
    replace = {"StringEquals": {"s3:x-amz-metadata-directive": "REPLACE"}}
    case("held to a directive", "ok", copy(only(allow("s3:PutObject", condition=replace)), MetadataDirective="REPLACE"))
    case(
        "held to a directive, another",
        DENIED,
        copy(only(allow("s3:PutObject", condition=replace)), MetadataDirective="COPY"),
    )
    case("a list needs its own action", DENIED, copy(only(allow("s3:PutObject")), ACL="bucket-owner-full-control"))
    # Keys on both sides.
    locked = key(B, allow(["kms:Decrypt"], Principal={"AWS": A}), allow("kms:*", Principal={"AWS": B}))
    source.owner.put_object(
        Bucket=source.name, Key="locked", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=locked
    )
    opener = session(role(A, allow(), allow("kms:Decrypt", locked)))
    case("a source under a key", "ok", copy(opener, name="locked"))
    case("a source under a key that may not be used", DENIED, copy(full, name="locked"))
    mine = key(A)
    under = dict(ServerSideEncryption="aws:kms", SSEKMSKeyId=mine)
    case("a target under a key that may not be used", DENIED, copy(opener, **under))
    both = session(role(A, allow(), allow(["kms:Decrypt", "kms:GenerateDataKey"])))
    case("keys on both sides", "ok", copy(both, name="locked", **under))


def in_parts(case):
    locked = key(B, allow("kms:*", Principal={"AWS": [A, B]}))
    b = Bucket(B, allow(Principal={"AWS": A}))
    under = dict(ServerSideEncryption="aws:kms", SSEKMSKeyId=locked)

    def create(who, **more):
        return client("s3", who).create_multipart_upload(Bucket=b.name, Key="big", **more)["UploadId"]

    def part(who, upload, number=1, body=b"x"):
        return client("s3", who).upload_part(Bucket=b.name, Key="big", UploadId=upload, PartNumber=number, Body=body)

    def complete(who, upload, *tags):
        parts = [{"ETag": tag, "PartNumber": number} for number, tag in enumerate(tags, 1)]
        return client("s3", who).complete_multipart_upload(
            Bucket=b.name, Key="big", UploadId=upload, MultipartUpload={"Parts": parts}
        )

    def upload(who, **more):
        def whole():
            made = create(who, **more)
            complete(who, made, part(who, made)["ETag"])

        return said(whole)

    both = session(role(A, allow(), allow(["kms:GenerateDataKey", "kms:Decrypt"])))
    case("parts under a key", "ok", upload(both, **under))
    case("parts without a key", "ok", upload(session(role(A, allow("s3:PutObject")))))
    writer = session(role(A, allow(), allow("kms:GenerateDataKey")))
    case("parts under a key also need to open it", DENIED, upload(writer, **under))
    reader = session(role(A, allow(), allow("kms:Decrypt")))
    case("parts under a key need to make data keys", DENIED, said(create, reader, **under))
    mine = session(role(A, allow("s3:PutObject")))
    made = create(mine)
    case("a part of another", DENIED, said(part, session(role(A)), made))
    tag = part(mine, made)["ETag"]
    case(
        "the list of parts needs its own action",
        DENIED,
        said(client("s3", mine).list_parts, Bucket=b.name, Key="big", UploadId=made),
    )
    case(
        "to abort needs its own action",
        DENIED,
        said(client("s3", mine).abort_multipart_upload, Bucket=b.name, Key="big", UploadId=made),
    )
    uploads = lambda who: said(client("s3", who).list_multipart_uploads, Bucket=b.name)
    case("the list of uploads needs its own action", PLAIN, uploads(mine))
    case("the list of uploads", "ok", uploads(session(role(A, allow("s3:ListBucketMultipartUploads")))))
    case("a wrong tag of a part", "InvalidPart: ", said(complete, mine, made, '"0"'))
    case("an upload, completed", "ok", said(complete, mine, made, tag))
    case("an upload that is over", "NoSuchUpload: ", said(part, mine, made))
    made = create(mine)
    tags = [part(mine, made, number)["ETag"] for number in (1, 2)]
    case("parts that are too small", "EntityTooSmall: ", said(complete, mine, made, *tags))
    source = Bucket(B)

    def copy_part(who):
        parameters = dict(Bucket=b.name, Key="big", UploadId=create(who), PartNumber=1)
        return said(client("s3", who).upload_part_copy, CopySource=f"{source.name}/models/iris", **parameters)

    case("a part by copy needs the read", PLAIN, copy_part(session(role(A, allow()))))
    source.policy(allow("s3:GetObject", Principal={"AWS": A}))
    case("a part by copy", "ok", copy_part(session(role(A, allow()))))


def writes(case):
    b = Bucket(A)
    own = key(A)
    held = lambda condition: user(A, allow(condition=condition), allow("kms:*"))[2]
    acl = {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}
    case("held to a canned list", "ok", b.put(held(acl), ACL="bucket-owner-full-control"))
    case("held to a canned list, none", DENIED, b.put(held(acl)))
    by_key = {"StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": own}}
    under = dict(ServerSideEncryption="aws:kms", SSEKMSKeyId=own)
    case("held to a key", "ok", b.put(held(by_key), **under))
    case("held to a key, another", DENIED, b.put(held(by_key), ServerSideEncryption="aws:kms", SSEKMSKeyId=key(A)))
    case("held to a key, none", DENIED, b.put(held(by_key)))
    fresh_only = {"Null": {"s3:if-none-match": "false"}}
    case("held to what is new", "ok", b.put(held(fresh_only), "new-1", IfNoneMatch="*"))
    case("held to what is new, not said", DENIED, b.put(held(fresh_only), "new-1"))
    case("what is there already", "PreconditionFailed: ", b.put(A, "new-1", IfNoneMatch="*"))
    case("another version than expected", "PreconditionFailed: ", b.put(A, "new-1", IfMatch='"0"'))
    create = lambda who, **more: said(client("s3", who).create_bucket, Bucket=f"made-{next(NUMBERS)}", **more)
    ireland = {"CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}
    there = held({"StringEquals": {"s3:LocationConstraint": "eu-west-1"}})
    case("held to a place", "ok", create(there, **ireland))
    case("held to a place, another", DENIED, create(there))
    b.owner.put_bucket_versioning(Bucket=b.name, VersioningConfiguration={"Status": "Enabled"})
    version = b.owner.put_object(Bucket=b.name, Key="models/iris", Body=b"2")["VersionId"]
    one = held({"StringEquals": {"s3:VersionId": version}})
    case("held to a version", "ok", b.get(one, VersionId=version))
    case("held to another version", DENIED, b.get(held({"StringEquals": {"s3:VersionId": "x"}}), VersionId=version))
    case("held to a version, the latest", DENIED, b.get(one))
    remove = lambda who, **more: said(client("s3", who).delete_object, Bucket=b.name, Key="models/iris", **more)
    case(
        "to delete a version needs its own action",
        DENIED,
        remove(user(A, allow("s3:DeleteObject"))[2], VersionId=version),
    )
    case("to delete a version", "ok", remove(user(A, allow("s3:DeleteObjectVersion"))[2], VersionId=version))
    plain = dict(
        Bucket=b.name,
        Policy=document(
            deny("s3:PutObject", b.objects, {"Null": {"s3:x-amz-server-side-encryption": "true"}}, Principal="*")
        ),
    )
    b.owner.put_bucket_policy(**plain)
    case("a bucket that wants encryption to be named", DENIED, b.put(A))
    case("a bucket that wants encryption to be named, named", "ok", b.put(A, ServerSideEncryption="AES256"))


NUMBERS = iter(range(1000))
