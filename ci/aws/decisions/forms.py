"""Uploads by the forms of web pages: whoever signs the policy must be allowed, and the form must say what the policy allows."""

import os
import re
import ssl
import urllib.error
import urllib.request

from cloud import A, B, Bucket, allow, client, deny, role, session, user

DENIED = "AccessDenied: "
INVALID = "AccessDenied: Invalid according to Policy: "


def run(report):
    rights(report.case)
    policies(report.case)


def send(url, fields, file=b"iris"):
    """`ok STATUS`, or `CODE: message`."""
    lines = []
    for name, value in fields.items():
        lines += [b"--b", f'Content-Disposition: form-data; name="{name}"'.encode(), b"", value.encode()]
    lines += [b"--b", b'Content-Disposition: form-data; name="file"; filename="iris"', b"", file, b"--b--", b""]
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    request = urllib.request.Request(url, b"\r\n".join(lines), headers, method="POST")
    bundle = os.environ.get("AWS_CA_BUNDLE")
    context = ssl.create_default_context(cafile=bundle) if url.startswith("https:") else None
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return f"ok {answer.status}"
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        code, message = (re.search(f"<{name}>(.*?)</{name}>", text, re.S) for name in ["Code", "Message"])
        return f"{code[1]}: {message[1]}".replace("&quot;", '"')


def post(bucket, who, key="forms/x", fields=None, conditions=(), file=b"iris", add=None, expires=3600, version="s3v4"):
    """Signs a policy as boto3 does; `add` are fields of which the policy does not know."""
    fields = fields or {}
    signed = client("s3", who, signature_version=version).generate_presigned_post(
        bucket.name,
        key,
        Fields=dict(fields),
        Conditions=[{name: value} for name, value in fields.items()] + list(conditions),
        ExpiresIn=expires,
    )
    return send(signed["url"], {**signed["fields"], **(add or {})}, file)


def rights(case):
    bucket = Bucket(A)
    _, arn, ann = user(A, allow("s3:PutObject", f"{bucket.arn}/forms/*"))
    case("a form", "ok 204", post(bucket, ann))
    case("a form in version 2", "ok 204", post(bucket, ann, version="s3"))
    case(
        "a form for another key",
        f'AccessDenied: User: {arn} is not authorized to perform: s3:PutObject on resource: "{bucket.arn}/other" because no identity-based policy allows the s3:PutObject action',
        post(bucket, ann, "other"),
    )
    case("a list needs its own action", DENIED, post(bucket, ann, fields={"acl": "bucket-owner-full-control"}))
    writer = role(A, allow("s3:PutObject"))
    case("a session", "ok 204", post(bucket, session(writer)))
    case("a session policy", DENIED, post(bucket, session(writer, [allow("s3:GetObject")])))
    token = session(writer)["SessionToken"]
    held = {**session(writer), "SessionToken": token}
    case("a token of another", "InvalidToken: ", post(bucket, held))
    case("another account", "AccessDenied: Access Denied", post(bucket, user(B, allow())[2]))
    case("an unknown key", "InvalidAccessKeyId: ", post(bucket, {**ann, "AccessKeyId": "AKIAUNKNOWNUNKNOWN00"}))
    case("a wrong secret", "SignatureDoesNotMatch: ", post(bucket, {**ann, "SecretAccessKey": "x"}))
    forms_only = Bucket(A, deny("s3:PutObject", Principal="*", condition={"StringNotEquals": {"s3:authType": "POST"}}))
    case("only by form", "ok 204", post(forms_only, A))
    case("only by form, by header", DENIED, forms_only.put(A))
    no_forms = Bucket(A, deny("s3:PutObject", Principal="*", condition={"StringEquals": {"s3:authType": "POST"}}))
    case("never by form", DENIED, post(no_forms, A))
    case("never by form, by header", "ok", no_forms.put(A))
    modern = Bucket(A, deny("s3:PutObject", Principal="*", condition={"StringEquals": {"s3:signatureversion": "AWS"}}))
    case("no version 2", DENIED, post(modern, A, version="s3"))
    case("no version 2, version 4", "ok 204", post(modern, A))
    open_to = Bucket(A, allow("s3:PutObject", Principal="*"), opened=True)
    case("open to everyone", "ok 204", send(form_url(open_to), {"key": "forms/x"}))
    case("not open", "AccessDenied: Access Denied", send(form_url(bucket), {"key": "forms/x"}))


def form_url(bucket):
    return client("s3", A).generate_presigned_post(bucket.name, "x")["url"]


def policies(case):
    bucket = Bucket(A)
    by = lambda *arguments, **more: post(bucket, A, *arguments, **more)
    case("a type that is allowed", "ok 204", by(fields={"Content-Type": "image/png"}))
    case("a field of which the policy does not know", f"{INVALID}Extra input fields: acl", by(add={"acl": "private"}))
    case("a field that is ignored", "ok 204", by(add={"x-ignore-note": "a"}))
    changed = f'{INVALID}Policy Condition failed: ["eq", "$content-type", "image/png"]'
    case("another type", changed, by(fields={"Content-Type": "image/png"}, add={"Content-Type": "text/html"}))
    length = ["content-length-range", 2, 4]
    case("long enough", "ok 204", by(conditions=[length]))
    case("too long", "EntityTooLarge: ", by(conditions=[length], file=b"12345"))
    case("too short", "EntityTooSmall: ", by(conditions=[length], file=b"1"))
    case("below a prefix", "ok 204", by("forms/${filename}"))
    case("expired", f"{INVALID}Policy expired.", by(expires=-10))
    case("a status", "ok 201", by(fields={"success_action_status": "201"}))
    case("metadata", "ok 204", by(fields={"x-amz-meta-by": "ann"}))
    head = client("s3", A).head_object(Bucket=bucket.name, Key="forms/x")
    case("metadata is kept", "ok", "ok" if head["Metadata"] == {"by": "ann"} else str(head["Metadata"]))
    encrypted = {"x-amz-server-side-encryption": "aws:kms"}
    case("under a key", "ok 204", by(fields=encrypted))
    case("a bucket that there is not", "NoSuchBucket: ", send(form_url(bucket) + "-none", {"key": "x"}))
