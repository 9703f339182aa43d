"""s5cmd: many objects at once, by the AWS SDK for Go."""

import os

from client import MIB, equal, run, same, service

NAME = "s5cmd"


def s5cmd(*words, **more):
    return run("s5cmd", "--retry-count", "1", *words, S3_ENDPOINT_URL=os.environ["AWS_ENDPOINT_URL"], **more)


def play(steps):
    big, tree = steps.file("big", 100 * MIB), steps.folder / "tree"
    for number in range(200):
        steps.file(f"tree/{number % 7}/{number}.bin", 5000)
    with steps.step("mb"):
        s5cmd("mb", "s3://go-models")
        assert "s3://go-models" in s5cmd("ls")
    with steps.step("cp of 100 MiB, there and back"):
        s5cmd("cp", big, "s3://go-models/big")
        s5cmd("cp", "s3://go-models/big", steps.folder / "back")
        same(big, steps.folder / "back")
    with steps.step("cp of a folder, there and back"):
        s5cmd("cp", f"{tree}/", "s3://go-models/tree/")
        s5cmd("cp", "s3://go-models/tree/*", f"{steps.folder}/copied/")
        same(tree, steps.folder / "copied")
    with steps.step("sync, nothing to do, and what is gone"):
        # Objects that are younger than files are not fetched again, and the other way round.
        equal(s5cmd("sync", f"{tree}/", "s3://go-models/tree/"), "")
        (tree / "0/0.bin").unlink()
        assert "rm s3://go-models/tree/0/0.bin" in s5cmd("sync", "--delete", f"{tree}/", "s3://go-models/tree/")
    with steps.step("ls and du with wildcards"):
        equal(len(s5cmd("ls", "s3://go-models/tree/1/*").splitlines()), 29)
        equal(s5cmd("du", "s3://go-models/tree/*"), "995000 bytes in 199 objects: s3://go-models/tree/*")
    with steps.step("cat and head"):
        (steps.folder / "words").write_text("sepal petal")
        s5cmd("cp", steps.folder / "words", "s3://go-models/words")
        equal(s5cmd("cat", "s3://go-models/words"), "sepal petal")
        assert '"size":5000' in s5cmd("head", "s3://go-models/tree/1/1.bin")
    with steps.step("mv and cp between objects"):
        s5cmd("mv", "s3://go-models/tree/1/1.bin", "s3://go-models/moved")
        s5cmd("cp", "s3://go-models/moved", "s3://go-models/copied")
        assert "no object found" in s5cmd("ls", "s3://go-models/tree/1/1.bin", code=1)
    with steps.step("versions"):
        s5cmd("bucket-version", "--set", "Enabled", "s3://go-models")
        equal(s5cmd("bucket-version", "s3://go-models"), 'Bucket versioning for "go-models" is "Enabled"')
        s5cmd("rm", "s3://go-models/moved")
        equal(len(s5cmd("ls", "--all-versions", "s3://go-models/moved").splitlines()), 2)
    with steps.step("presign"):
        assert "X-Amz-Signature=" in s5cmd("presign", "s3://go-models/copied")
    with steps.step("rm of everything, and rb"):
        s5cmd("rm", "--all-versions", "s3://go-models/*")
        s5cmd("rb", "s3://go-models")
        assert "go-models" not in [bucket["Name"] for bucket in service("s3").list_buckets()["Buckets"]]
