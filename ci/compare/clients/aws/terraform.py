"""The requests that Terraform's AWS provider makes for a bucket, a provider of tokens, a role with policies, and a key, in its order.

The provider reads back all that there is about a thing after each change, and takes what is not set from the code of the error.
"""

import json

from botocore.exceptions import ClientError

from client import equal, service

NAME = "Terraform's requests"

# What is read of a bucket after each change, and what says that it is not set.
READS = {
    "get_bucket_policy": "NoSuchBucketPolicy",
    "get_bucket_acl": None,
    "get_bucket_cors": "NoSuchCORSConfiguration",
    "get_bucket_website": "NoSuchWebsiteConfiguration",
    "get_bucket_versioning": None,
    "get_bucket_accelerate_configuration": None,
    "get_bucket_request_payment": None,
    "get_bucket_logging": None,
    "get_bucket_lifecycle_configuration": "NoSuchLifecycleConfiguration",
    "get_bucket_replication": "ReplicationConfigurationNotFoundError",
    "get_bucket_encryption": None,
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    "get_bucket_tagging": "NoSuchTagSet",
    "get_public_access_block": None,
    "get_bucket_ownership_controls": None,
    "get_bucket_location": None,
    "head_bucket": None,
}


def code(call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]


def play(steps):
    s3, iam, kms = service("s3"), service("iam"), service("kms")
    account = service("sts").get_caller_identity()["Account"]
    with steps.step("aws_s3_bucket"):
        s3.create_bucket(Bucket="tf-models")
        for read, unset in READS.items():
            equal((read, code(getattr(s3, read), Bucket="tf-models")), (read, unset))
    with steps.step("aws_s3_bucket_versioning, _public_access_block, _ownership_controls"):
        s3.put_bucket_versioning(Bucket="tf-models", VersioningConfiguration={"Status": "Enabled"})
        equal(s3.get_bucket_versioning(Bucket="tf-models")["Status"], "Enabled")
        block = dict.fromkeys(
            ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True
        )
        s3.put_public_access_block(Bucket="tf-models", PublicAccessBlockConfiguration=block)
        equal(s3.get_public_access_block(Bucket="tf-models")["PublicAccessBlockConfiguration"], block)
        controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
        s3.put_bucket_ownership_controls(Bucket="tf-models", OwnershipControls=controls)
        equal(s3.get_bucket_ownership_controls(Bucket="tf-models")["OwnershipControls"], controls)
    key = {}
    with steps.step("aws_kms_key and aws_kms_alias"):
        key = kms.create_key(Description="models", Tags=[{"TagKey": "team", "TagValue": "iris"}])["KeyMetadata"]
        kms.enable_key_rotation(KeyId=key["KeyId"])
        equal(kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"], True)
        assert json.loads(kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"])["Statement"]
        equal(kms.list_resource_tags(KeyId=key["KeyId"])["Tags"], [{"TagKey": "team", "TagValue": "iris"}])
        kms.create_alias(AliasName="alias/tf-models", TargetKeyId=key["KeyId"])
        names = [
            alias["AliasName"] for page in kms.get_paginator("list_aliases").paginate() for alias in page["Aliases"]
        ]
        assert "alias/tf-models" in names
    with steps.step("aws_s3_bucket_server_side_encryption_configuration"):
        rule = {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key["Arn"]},
            "BucketKeyEnabled": True,
        }
        s3.put_bucket_encryption(Bucket="tf-models", ServerSideEncryptionConfiguration={"Rules": [rule]})
        read = s3.get_bucket_encryption(Bucket="tf-models")["ServerSideEncryptionConfiguration"]["Rules"][0]
        equal({name: read[name] for name in rule}, rule)
    provider = ""
    with steps.step("aws_iam_openid_connect_provider"):
        provider = iam.create_open_id_connect_provider(
            Url="https://oidc.example.com/id/1", ClientIDList=["sts.amazonaws.com"], ThumbprintList=["0" * 40], Tags=[]
        )["OpenIDConnectProviderArn"]
        read = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=provider)
        equal((read["Url"], read["ClientIDList"]), ("oidc.example.com/id/1", ["sts.amazonaws.com"]))
    with steps.step("aws_iam_role, _policy, _role_policy, _role_policy_attachment"):
        trust = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName="tf-reader", AssumeRolePolicyDocument=document, Path="/", MaxSessionDuration=3600)
        equal(iam.get_role(RoleName="tf-reader")["Role"]["AssumeRolePolicyDocument"], json.loads(document))
        equal(iam.list_role_policies(RoleName="tf-reader")["PolicyNames"], [])
        equal(iam.list_attached_role_policies(RoleName="tf-reader")["AttachedPolicies"], [])
        allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::tf-models/*"}
        content = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
        arn = iam.create_policy(PolicyName="tf-read", PolicyDocument=content, Path="/")["Policy"]["Arn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        read = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        equal(read, json.loads(content))
        iam.attach_role_policy(RoleName="tf-reader", PolicyArn=arn)
        iam.put_role_policy(RoleName="tf-reader", PolicyName="own", PolicyDocument=content)
        iam.tag_role(RoleName="tf-reader", Tags=[{"Key": "team", "Value": "iris"}])
        iam.update_assume_role_policy(RoleName="tf-reader", PolicyDocument=document)
    with steps.step("aws_iam_instance_profile"):
        iam.create_instance_profile(InstanceProfileName="tf-node")
        iam.add_role_to_instance_profile(InstanceProfileName="tf-node", RoleName="tf-reader")
        profiles = iam.list_instance_profiles_for_role(RoleName="tf-reader")["InstanceProfiles"]
        equal([profile["InstanceProfileName"] for profile in profiles], ["tf-node"])
    with steps.step("aws_s3_bucket_policy"):
        principal = {"AWS": f"arn:aws:iam::{account}:role/tf-reader"}
        content = {"Version": "2012-10-17", "Statement": [{**allow, "Principal": principal}]}
        s3.put_bucket_policy(Bucket="tf-models", Policy=json.dumps(content))
        equal(json.loads(s3.get_bucket_policy(Bucket="tf-models")["Policy"]), content)
    with steps.step("destroy, refused while something hangs on it"):
        equal(code(iam.delete_role, RoleName="tf-reader"), "DeleteConflict")
        equal(code(iam.delete_policy, PolicyArn=arn), "DeleteConflict")
    with steps.step("destroy"):
        s3.delete_bucket_policy(Bucket="tf-models")
        iam.remove_role_from_instance_profile(InstanceProfileName="tf-node", RoleName="tf-reader")
        iam.delete_instance_profile(InstanceProfileName="tf-node")
        iam.detach_role_policy(RoleName="tf-reader", PolicyArn=arn)
        iam.delete_role_policy(RoleName="tf-reader", PolicyName="own")
        iam.delete_role(RoleName="tf-reader")
        iam.delete_policy(PolicyArn=arn)
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
        kms.delete_alias(AliasName="alias/tf-models")
        kms.schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
        s3.delete_bucket(Bucket="tf-models")
        equal(code(iam.get_role, RoleName="tf-reader"), "NoSuchEntity")
        equal(code(iam.get_policy, PolicyArn=arn), "NoSuchEntity")
        equal(code(s3.head_bucket, Bucket="tf-models"), "404")
