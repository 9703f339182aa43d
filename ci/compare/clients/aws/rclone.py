"""rclone: a tree of files on both sides."""

import os
import time

from client import MIB, equal, run, same

NAME = "rclone"


def rclone(*words, **more):
    remote = dict(
        RCLONE_CONFIG="",
        RCLONE_CONFIG_S3_TYPE="s3",
        # As AWS it would put the bucket before the address.
        RCLONE_CONFIG_S3_PROVIDER="Other",
        RCLONE_CONFIG_S3_ENV_AUTH="true",
        RCLONE_CONFIG_S3_REGION="us-east-1",
        RCLONE_CONFIG_S3_ENDPOINT=os.environ["AWS_ENDPOINT_URL"],
    )
    return run("rclone", *words, **{**remote, **more})


def play(steps):
    tree = steps.folder / "tree"
    for name, size in [("a.bin", 70_000), ("b/c.bin", 0), ("b/ü & +.bin", 1), ("big", 100 * MIB)]:
        steps.file(f"tree/{name}", size)
    with steps.step("mkdir and lsd"):
        rclone("mkdir", "s3:rc-models")
        assert rclone("lsd", "s3:").endswith("rc-models")
    with steps.step("copy, there and back, with a file in parts"):
        rclone("copy", tree, "s3:rc-models/tree", "--s3-upload-cutoff", "20M")
        rclone("copy", "s3:rc-models/tree", steps.folder / "back")
        same(tree, steps.folder / "back")
    with steps.step("check of what was copied"):
        rclone("check", tree, "s3:rc-models/tree", "--download")
    with steps.step("times of files"):
        os.utime(tree / "a.bin", (time.time(), 1_600_000_000))
        rclone("copy", tree, "s3:rc-models/tree")
        assert "2020-09-13" in rclone("lsl", "s3:rc-models/tree/a.bin", TZ="UTC")
    with steps.step("sync"):
        (tree / "b/c.bin").unlink()
        rclone("sync", tree, "s3:rc-models/tree")
        equal(sorted(rclone("lsf", "-R", "s3:rc-models/tree").splitlines()), ["a.bin", "b/", "b/ü & +.bin", "big"])
    with steps.step("size"):
        equal(rclone("size", "s3:rc-models/tree/b").splitlines()[0], "Total objects: 1 (1)")
    with steps.step("moveto and link"):
        rclone("moveto", "s3:rc-models/tree/a.bin", "s3:rc-models/moved.bin")
        assert "X-Amz-Signature=" in rclone("link", "s3:rc-models/moved.bin", "--expire", "60s")
    with steps.step("purge"):
        rclone("purge", "s3:rc-models")
        equal(rclone("lsd", "s3:").find("rc-models"), -1)
