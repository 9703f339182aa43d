//! What EKS adds to a cluster for its pods: the webhook of IAM roles for service accounts (IRSA) and of EKS Pod Identity.
//!
//! A service account names a role in an annotation. [`PodIdentity`] gives its pods a token for `sts.amazonaws.com`, and the variables by which every AWS SDK trades
//! it for credentials of that role. Or the cluster associates a role with the service account: then the token is for `pods.eks.amazonaws.com`, and the variables
//! lead to the agent on each node. Trading is the cloud's affair, and so is whether it accepts the token, and what the agent answers.
//!
//! | module | what it is |
//! |---|---|
//! | `webhook` | reviews, answered |
//! | `account` | what a service account and a pod ask for |
//! | `inject` | what a pod gets |
//! | `registration` | how the API server learns of it |
//!
//! Source: `aws/amazon-eks-pod-identity-webhook`. Unlike there, lives of tokens are not shortened at random.

mod account;
mod inject;
mod registration;
mod webhook;

pub use registration::{NAMESPACE, SERVICE};
pub use webhook::PodIdentity;
