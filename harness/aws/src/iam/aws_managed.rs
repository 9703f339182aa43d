//! Policies that AWS itself manages, as far as people use them with S3 and EKS.
//!
//! Actions and resources are those of the AWS Managed Policy Reference Guide. A policy that is not in the table cannot be attached.

use crate::world::{Document, ManagedPolicy, PolicyVersion};
use jiff::Timestamp;
use proofmark_aws_policy::Kind;
use proofmark_json::{Value, json};
use std::collections::{BTreeMap, btree_map};
use std::sync::LazyLock;

/// A row: path, name, unique id, description, and the statements in short: effect, actions, resources.
struct Row {
    path: &'static str,
    name: &'static str,
    id: &'static str,
    description: &'static str,
    statements: &'static [(&'static str, &'static [&'static str])],
}

const ROWS: &[Row] = &[
    Row {
        path: "/",
        name: "AdministratorAccess",
        id: "ANPAIWMBCKSKIEE64ZLYK",
        description: "Provides full access to AWS services and resources.",
        statements: &[("Action", &["*"])],
    },
    Row {
        path: "/",
        name: "PowerUserAccess",
        id: "ANPAJYRXTHIB4FOVS3ZXS",
        description: "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
        statements: &[
            ("NotAction", &["iam:*", "organizations:*", "account:*"]),
            (
                "Action",
                &[
                    "account:GetAccountInformation",
                    "account:GetGovCloudAccountInformation",
                    "account:GetPrimaryEmail",
                    "account:ListRegions",
                    "iam:CreateServiceLinkedRole",
                    "iam:DeleteServiceLinkedRole",
                    "iam:ListRoles",
                    "organizations:DescribeEffectivePolicy",
                    "organizations:DescribeOrganization",
                ],
            ),
        ],
    },
    Row {
        path: "/",
        name: "IAMFullAccess",
        id: "ANPAI7XKCFMBPM3QQRRVQ",
        description: "Provides full access to IAM via the AWS Management Console.",
        statements: &[(
            "Action",
            &[
                "iam:*",
                "organizations:DescribeAccount",
                "organizations:DescribeOrganization",
                "organizations:DescribeOrganizationalUnit",
                "organizations:DescribePolicy",
                "organizations:ListChildren",
                "organizations:ListParents",
                "organizations:ListPoliciesForTarget",
                "organizations:ListRoots",
                "organizations:ListPolicies",
                "organizations:ListTargetsForPolicy",
            ],
        )],
    },
    Row {
        path: "/",
        name: "IAMReadOnlyAccess",
        id: "ANPAJKSO7NDY4T57MWDSQ",
        description: "Provides read only access to IAM via the AWS Management Console.",
        statements: &[(
            "Action",
            &[
                "iam:GenerateCredentialReport",
                "iam:GenerateServiceLastAccessedDetails",
                "iam:Get*",
                "iam:List*",
                "iam:SimulateCustomPolicy",
                "iam:SimulatePrincipalPolicy",
            ],
        )],
    },
    Row {
        path: "/",
        name: "AmazonS3FullAccess",
        id: "ANPAIFIR6V6BVTRAHWINE",
        description: "Provides full access to all buckets via the AWS Management Console.",
        statements: &[("Action", &["s3:*", "s3-object-lambda:*"])],
    },
    Row {
        path: "/",
        name: "AmazonS3ReadOnlyAccess",
        id: "ANPAIZTJ4DXE7G6AGAE6M",
        description: "Provides read only access to all buckets via the AWS Management Console.",
        statements: &[(
            "Action",
            &["s3:Get*", "s3:List*", "s3:Describe*", "s3-object-lambda:Get*", "s3-object-lambda:List*"],
        )],
    },
    Row {
        path: "/",
        name: "AmazonEKSClusterPolicy",
        id: "ANPAIBTLDQMIC6UOIGFWA",
        description: "This policy provides Kubernetes the permissions it requires to manage resources on your behalf.",
        statements: &[(
            "Action",
            &[
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:UpdateAutoScalingGroup",
                "ec2:AttachVolume",
                "ec2:AuthorizeSecurityGroupIngress",
                "ec2:CreateRoute",
                "ec2:CreateSecurityGroup",
                "ec2:CreateTags",
                "ec2:CreateVolume",
                "ec2:DeleteRoute",
                "ec2:DeleteSecurityGroup",
                "ec2:DeleteVolume",
                "ec2:Describe*",
                "ec2:DetachVolume",
                "ec2:ModifyInstanceAttribute",
                "ec2:ModifyVolume",
                "ec2:RevokeSecurityGroupIngress",
                "elasticloadbalancing:*",
                "kms:DescribeKey",
            ],
        )],
    },
    Row {
        path: "/",
        name: "AmazonEKSWorkerNodePolicy",
        id: "ANPAJBTBGWLCJ7ZAH6TVS",
        description: "This policy allows Amazon EKS worker nodes to connect to Amazon EKS Clusters.",
        statements: &[(
            "Action",
            &[
                "ec2:DescribeInstances",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVolumes",
                "ec2:DescribeVolumesModifications",
                "ec2:DescribeVpcs",
                "eks:DescribeCluster",
                "eks-auth:AssumeRoleForPodIdentity",
            ],
        )],
    },
    Row {
        path: "/",
        name: "AmazonEC2ContainerRegistryReadOnly",
        id: "ANPAIFYZPA37OOHVIH7KQ",
        description: "Provides read-only access to Amazon EC2 Container Registry repositories.",
        statements: &[(
            "Action",
            &[
                "ecr:GetAuthorizationToken",
                "ecr:BatchCheckLayerAvailability",
                "ecr:GetDownloadUrlForLayer",
                "ecr:GetRepositoryPolicy",
                "ecr:DescribeRepositories",
                "ecr:ListImages",
                "ecr:DescribeImages",
                "ecr:BatchGetImage",
                "ecr:GetLifecyclePolicy",
                "ecr:GetLifecyclePolicyPreview",
                "ecr:ListTagsForResource",
                "ecr:DescribeImageScanFindings",
            ],
        )],
    },
    Row {
        path: "/",
        name: "AWSKeyManagementServicePowerUser",
        id: "ANPAJNPP7PPPPMJRV2SA4",
        description: "Provides access to AWS Key Management Service (KMS).",
        statements: &[(
            "Action",
            &[
                "kms:CreateAlias",
                "kms:CreateKey",
                "kms:DeleteAlias",
                "kms:Describe*",
                "kms:GenerateRandom",
                "kms:Get*",
                "kms:List*",
                "kms:TagResource",
                "kms:UntagResource",
                "iam:ListGroups",
                "iam:ListRoles",
                "iam:ListUsers",
            ],
        )],
    },
    Row {
        path: "/job-function/",
        name: "ViewOnlyAccess",
        id: "ANPAID22R6XPJATWOFDK6",
        description: "This policy grants permissions to view resources and basic metadata across all AWS services.",
        statements: &[(
            "Action",
            &["iam:List*", "kms:ListAliases", "kms:ListKeys", "s3:ListAllMyBuckets", "s3:ListBucket"],
        )],
    },
];

static TABLE: LazyLock<BTreeMap<String, ManagedPolicy>> = LazyLock::new(|| {
    ROWS.iter()
        .filter_map(|row| Some((format!("arn:aws:iam::aws:policy{}{}", row.path, row.name), policy(row)?)))
        .collect()
});

fn policy(row: &Row) -> Option<ManagedPolicy> {
    let statements: Vec<Value> = row
        .statements
        .iter()
        .map(|(element, actions)| json!({"Effect": "Allow", *element: actions, "Resource": "*"}))
        .collect();
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    // The day on which most of them appeared; nothing depends on it.
    let created = Timestamp::from_second(1_423_219_163).ok()?;
    let document = Document::parse(&text, Kind::Identity).ok()?;
    Some(ManagedPolicy {
        name: row.name.to_owned(),
        path: row.path.to_owned(),
        id: row.id.to_owned(),
        created,
        description: row.description.to_owned(),
        tags: BTreeMap::new(),
        versions: BTreeMap::from([(1, PolicyVersion { document, created })]),
        default_version: 1,
        last_version: 1,
    })
}

/// The policy with this ARN.
pub(super) fn get(arn: &str) -> Option<&'static ManagedPolicy> {
    TABLE.get(arn)
}

/// Every one, by ARN.
pub(super) fn all<'a>() -> btree_map::Iter<'a, String, ManagedPolicy> {
    TABLE.iter()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_row_is_a_policy() {
        assert_eq!(super::all().count(), super::ROWS.len());
    }
}
