#!/usr/bin/env python3
"""Asks a cloud for decisions as clients of AWS ask, and compares them with what AWS documents, case by case.

    proofmark aws --tls -- python3 ci/aws/decisions

Needs boto3 and openssl. Ends with 0 if every case holds. The cases are written from the IAM, S3, KMS and Organizations user guides,
not from the implementation.
"""

import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

import blocked
import buckets
import corners
import forms
import grants
import keys
import layers
import oneself
import organisations
import operators
import roles
import statements
import storage
import tokens
import transfers
from cloud import Report
from issuer import Issuer


def main():
    report = Report()
    parts = [buckets, statements, operators, layers, storage, blocked, transfers, forms, roles, oneself, grants, corners]
    for part in [*parts, keys]:
        part.run(report)
    organisations.run(report, keys.MANAGEMENT, keys.OUTSIDE)
    with tempfile.TemporaryDirectory() as folder:
        tokens.run(report, Issuer(folder))
    for failed in report.failed:
        print(failed)
    print(f"decisions: {report.held} of {report.held + len(report.failed)} cases hold")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
