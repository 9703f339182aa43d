"""Plays what the folder has for `cloud` or `cluster`; see ./run."""

import sys

import aws_cli
import irsa
import python
import rclone
import s5cmd
import terraform
from client import report

PARTS = {"cloud": [python, aws_cli, s5cmd, rclone, terraform], "cluster": [irsa]}

sys.exit(report(PARTS[sys.argv[1]]))
