"""The AWS CLI: `aws s3` and its siblings."""

import json
import urllib.request

from client import MIB, equal, run, same

NAME = "AWS CLI"


def aws(*words, **more):
    return run("aws", *words, **more)


def found(*words):
    return json.loads(aws(*words, "--output", "json") or "{}")


def play(steps):
    big, tree = steps.file("big", 100 * MIB), steps.folder / "tree"
    for name in ["a.bin", "b/c.bin", "b/with blank & plus+.bin", "ü.bin"]:
        steps.file(f"tree/{name}", 70_000)
    with steps.step("mb"):
        equal(aws("s3", "mb", "s3://cli-models"), "make_bucket: cli-models")
        assert "cli-models" in aws("s3", "ls")
    with steps.step("mb of what is there"):
        aws("s3", "mb", "s3://cli-models", "--region", "eu-west-1", code=1)
    with steps.step("cp of 100 MiB, there and back"):
        aws("s3", "cp", big, "s3://cli-models/big", "--no-progress")
        aws("s3", "cp", "s3://cli-models/big", steps.folder / "back", "--no-progress")
        same(big, steps.folder / "back")
    with steps.step("cp from standard input and to standard output"):
        aws("s3", "cp", steps.folder / "tree/a.bin", "s3://cli-models/in", "--metadata", "team=iris", "--quiet")
        equal(found("s3api", "head-object", "--bucket", "cli-models", "--key", "in")["Metadata"], {"team": "iris"})
        aws("s3", "cp", "s3://cli-models/in", "s3://cli-models/copy", "--quiet")
        equal(found("s3api", "head-object", "--bucket", "cli-models", "--key", "copy")["Metadata"], {"team": "iris"})
    with steps.step("sync, there and back"):
        aws("s3", "sync", tree, "s3://cli-models/tree", "--no-progress")
        aws("s3", "sync", "s3://cli-models/tree", steps.folder / "synced", "--no-progress")
        same(tree, steps.folder / "synced")
    with steps.step("sync of what is there already"):
        equal(aws("s3", "sync", "s3://cli-models/tree", steps.folder / "synced", "--no-progress"), "")
    with steps.step("sync that deletes"):
        (tree / "a.bin").unlink()
        equal(
            aws("s3", "sync", tree, "s3://cli-models/tree", "--delete", "--no-progress"),
            "delete: s3://cli-models/tree/a.bin",
        )
    with steps.step("ls"):
        lines = aws("s3", "ls", "s3://cli-models/tree/").splitlines()
        equal([line.split(maxsplit=1)[0] for line in lines][0], "PRE")
        whole = aws("s3", "ls", "s3://cli-models/tree/", "--recursive", "--summarize")
        assert "Total Objects: 3" in whole and "Total Size: 210000" in whole, whole
    with steps.step("ls of what is not there"):
        aws("s3", "ls", "s3://cli-models/nothing", code=1)
        assert "NoSuchBucket" in aws("s3", "ls", "s3://cli-nothing", code=254 if version() > 1 else 255)
    with steps.step("mv"):
        aws("s3", "mv", "s3://cli-models/copy", "s3://cli-models/moved", "--no-progress")
        assert "copy" not in aws("s3", "ls", "s3://cli-models/")
    with steps.step("presign"):
        url = aws("s3", "presign", "s3://cli-models/moved", "--expires-in", "60")
        equal(len(urllib.request.urlopen(url).read()), 70_000)
    with steps.step("a lifecycle, tags, encryption and CORS"):
        api = lambda *words: found("s3api", *words, "--bucket", "cli-models")
        rules = '{"Rules":[{"ID":"old","Status":"Enabled","Filter":{"Prefix":"runs/"},"Expiration":{"Days":7}}]}'
        api("put-bucket-lifecycle-configuration", "--lifecycle-configuration", rules)
        equal(api("get-bucket-lifecycle-configuration")["Rules"], json.loads(rules)["Rules"])
        api("put-bucket-tagging", "--tagging", "TagSet=[{Key=team,Value=iris}]")
        equal(api("get-bucket-tagging")["TagSet"], [{"Key": "team", "Value": "iris"}])
        equal(
            api("get-bucket-encryption")["ServerSideEncryptionConfiguration"]["Rules"][0][
                "ApplyServerSideEncryptionByDefault"
            ],
            {"SSEAlgorithm": "AES256"},
        )
        cors = '{"CORSRules":[{"AllowedOrigins":["https://example.com"],"AllowedMethods":["GET"],"MaxAgeSeconds":60}]}'
        api("put-bucket-cors", "--cors-configuration", cors)
        equal(api("get-bucket-cors"), json.loads(cors))
    with steps.step("versions"):
        api("put-bucket-versioning", "--versioning-configuration", "Status=Enabled")
        aws("s3", "rm", "s3://cli-models/moved", "--quiet")
        equal(len(api("list-object-versions", "--prefix", "moved")["DeleteMarkers"]), 1)
        marker = api("list-object-versions", "--prefix", "moved")["DeleteMarkers"][0]["VersionId"]
        api("delete-object", "--key", "moved", "--version-id", marker)
        assert "moved" in aws("s3", "ls", "s3://cli-models/")
    with steps.step("rb, refused and forced"):
        aws("s3", "mb", "s3://cli-other")
        aws("s3", "cp", tree / "ü.bin", "s3://cli-other/", "--quiet")
        assert "BucketNotEmpty" in aws("s3", "rb", "s3://cli-other", code=1)
        aws("s3", "rb", "s3://cli-other", "--force")
    with steps.step("sts, iam and a profile with a role"):
        account = found("sts", "get-caller-identity")["Account"]
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:user/cli-ann"},
            "Action": "sts:AssumeRole",
        }
        found("iam", "create-user", "--user-name", "cli-ann")
        key = found("iam", "create-access-key", "--user-name", "cli-ann")["AccessKey"]
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = found("iam", "create-role", "--role-name", "cli", "--assume-role-policy-document", document)["Role"][
            "Arn"
        ]
        aws(
            "iam",
            "attach-role-policy",
            "--role-name",
            "cli",
            "--policy-arn",
            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        )
        config = steps.folder / "config"
        config.write_text(
            f"[profile ann]\naws_access_key_id = {key['AccessKeyId']}\naws_secret_access_key = {key['SecretAccessKey']}\n"
            f"[profile reader]\nrole_arn = {arn}\nsource_profile = ann\n"
        )
        # Sessions are kept in the home folder.
        files = dict(HOME=str(steps.folder), AWS_CONFIG_FILE=str(config))
        as_role = dict(**files, AWS_PROFILE="reader", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
        assert "moved" in aws("s3", "ls", "s3://cli-models/", **as_role)
        assert "AccessDenied" in aws("s3", "cp", tree / "ü.bin", "s3://cli-models/x", code=1, **as_role)
    with steps.step("kms"):
        key = found("kms", "create-key")["KeyMetadata"]["KeyId"]
        aws("kms", "create-alias", "--alias-name", "alias/cli", "--target-key-id", key)
        aws(
            "s3",
            "cp",
            tree / "ü.bin",
            "s3://cli-models/locked",
            "--sse",
            "aws:kms",
            "--sse-kms-key-id",
            "alias/cli",
            "--quiet",
            code=1,
        )
        equal(found("kms", "describe-key", "--key-id", "alias/cli")["KeyMetadata"]["KeyId"], key)
        aws("kms", "schedule-key-deletion", "--key-id", key, "--pending-window-in-days", "7")
        equal(found("kms", "describe-key", "--key-id", key)["KeyMetadata"]["KeyState"], "PendingDeletion")


def version():
    """1 or 2: they end with other exit codes."""
    return int(aws("--version").split("/")[1].split(".")[0])
