"""What the clients share: steps that pass or fail, commands, and files to move."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import traceback

import boto3
from botocore.config import Config

MIB = 1 << 20


class Missing(Exception):
    """A program is not there."""


class Steps:
    """Counts what passed; a step that fails does not keep the next ones from being played."""

    def __init__(self, folder):
        self.folder, self.passed, self.failed = pathlib.Path(folder), 0, []

    @contextlib.contextmanager
    def step(self, name):
        try:
            yield
            self.passed += 1
        except Missing:
            raise
        except Exception as error:  # whatever a client comes up with
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.failed.append(f"{name}: {error} ({pathlib.Path(where.filename).name}:{where.lineno})")

    def file(self, name, size):
        """A file of random bytes."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
        return path


def run(*words, code=0, **variables):
    """Runs a command and returns what it wrote; with another exit code than 0, what it complained of."""
    if not shutil.which(words[0]):
        raise Missing(words[0])
    environment = {**os.environ, **variables}
    words = [str(word) for word in words]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=120, check=False)
    assert done.returncode == code, f"{' '.join(words)}: exit code {done.returncode}: {done.stderr.strip()}"
    return done.stderr.strip() if code else done.stdout.strip()


def service(name, **more):
    """A boto3 client of the root user."""
    return boto3.client(name, config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}), **more)


def equal(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


def same(one, other):
    """Two files, or two folders, have the same content."""
    content = lambda path: {
        str(file.relative_to(path)): file.read_bytes() for file in sorted([path, *path.rglob("*")]) if file.is_file()
    }
    one, other = content(pathlib.Path(one)), content(pathlib.Path(other))
    assert one == other, f"{sorted(one)} is not {sorted(other)}"


def report(parts):
    """Plays each part, and prints what came of it; 1 if anything failed."""
    failed = 0
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            steps = Steps(folder)
            try:
                part.play(steps)
            except Missing as missing:
                print(f"{part.NAME}: skipped, {missing} is not there", flush=True)
                continue
        print(f"{part.NAME}: {steps.passed} of {steps.passed + len(steps.failed)} steps", flush=True)
        for line in steps.failed:
            print(f"  {line}", flush=True)
        failed += len(steps.failed)
    return 1 if failed else 0
