"""boto3: what its own helpers do beyond single requests."""

import io
import urllib.request

import boto3
from botocore.exceptions import ClientError

from client import MIB, equal, same, service

NAME = "boto3"


def play(steps):
    s3 = service("s3")
    big = steps.file("big", 100 * MIB)
    with steps.step("a bucket, and a waiter for it"):
        s3.create_bucket(Bucket="py-models")
        s3.get_waiter("bucket_exists").wait(Bucket="py-models")
    with steps.step("a file of 100 MiB in parts"):
        s3.upload_file(str(big), "py-models", "big")
        assert s3.head_object(Bucket="py-models", Key="big")["ETag"].endswith('-13"')
    with steps.step("and back"):
        s3.download_file("py-models", "big", str(steps.folder / "back"))
        same(big, steps.folder / "back")
    for algorithm in ["CRC32", "CRC32C", "SHA1", "SHA256", "CRC64NVME"]:
        with steps.step(f"a checksum, {algorithm}"):
            try:
                s3.put_object(Bucket="py-models", Key=algorithm, Body=b"iris", ChecksumAlgorithm=algorithm)
            except Exception as error:
                # CRC32C and CRC64NVME need awscrt, which boto3 does not bring.
                if type(error).__name__ != "MissingDependencyException":
                    raise
                continue
            found = s3.get_object(Bucket="py-models", Key=algorithm, ChecksumMode="ENABLED")
            assert f"Checksum{algorithm}" in found
            equal(found["Body"].read(), b"iris")
    with steps.step("objects of a resource, filtered"):
        bucket = boto3.resource("s3", endpoint_url=s3.meta.endpoint_url).Bucket("py-models")
        for number in range(3):
            bucket.put_object(Key=f"runs/{number}", Body=io.BytesIO(b"x"))
        equal([found.key for found in bucket.objects.filter(Prefix="runs/")], ["runs/0", "runs/1", "runs/2"])
    with steps.step("pages"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket="py-models", PaginationConfig={"PageSize": 2})
        keys = [found["Key"] for page in pages for found in page["Contents"]]
        equal(keys, sorted(keys))
        assert {"big", "runs/2"} <= set(keys)
    with steps.step("a copy in parts"):
        s3.copy({"Bucket": "py-models", "Key": "big"}, "py-models", "again")
        equal(s3.head_object(Bucket="py-models", Key="again")["ContentLength"], 100 * MIB)
    with steps.step("a presigned URL"):
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "py-models", "Key": "runs/0"})
        equal(urllib.request.urlopen(url).read(), b"x")
    with steps.step("versions, and their removal"):
        s3.put_bucket_versioning(Bucket="py-models", VersioningConfiguration={"Status": "Enabled"})
        for body in [b"1", b"2"]:
            s3.put_object(Bucket="py-models", Key="versioned", Body=body)
        s3.delete_object(Bucket="py-models", Key="versioned")
        found = s3.list_object_versions(Bucket="py-models", Prefix="versioned")
        equal((len(found["Versions"]), len(found["DeleteMarkers"])), (2, 1))
        bucket.object_versions.delete()
        equal(s3.list_object_versions(Bucket="py-models").get("Versions"), None)
    with steps.step("a bucket that is gone"):
        s3.delete_bucket(Bucket="py-models")
        s3.get_waiter("bucket_not_exists").wait(Bucket="py-models")
        try:
            s3.list_objects_v2(Bucket="py-models")
        except s3.exceptions.NoSuchBucket:
            pass
    with steps.step("a role, assumed"):
        session()
    with steps.step("an envelope of KMS"):
        kms = service("kms")
        key = kms.create_key(Description="models")["KeyMetadata"]["KeyId"]
        made = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext={"model": "iris"})
        opened = kms.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext={"model": "iris"})
        equal(opened["Plaintext"], made["Plaintext"])


def session():
    iam, sts = service("iam"), service("sts")
    account = sts.get_caller_identity()["Account"]
    trust = f'{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{account}"}},"Action":"sts:AssumeRole"}}}}'
    iam.create_user(UserName="py-ann")
    arn = iam.create_role(RoleName="py-reader", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.attach_user_policy(UserName="py-ann", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    key = iam.create_access_key(UserName="py-ann")["AccessKey"]
    keys = dict(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    made = service("sts", **keys).assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]
    limited = service(
        "s3",
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretAccessKey"],
        aws_session_token=made["SessionToken"],
    )
    try:
        limited.list_buckets()
    except ClientError as error:
        equal(error.response["Error"]["Code"], "AccessDenied")
        return
    raise AssertionError("a role without policies lists buckets")
