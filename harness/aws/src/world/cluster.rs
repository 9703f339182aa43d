//! Clusters of EKS, as far as their pods get roles without annotations (EKS Pod Identity).

use super::AccountId;

/// A cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// The account that it runs in.
    pub account: AccountId,
    /// `us-east-1`
    pub region: String,
    /// Which service accounts have roles.
    pub associations: Vec<Association>,
}

/// A role for the pods of a service account.
#[derive(Debug, Clone)]
pub struct Association {
    /// The service account's namespace.
    pub namespace: String,
    /// Its name.
    pub service_account: String,
    /// The ARN of a role of the cluster's account.
    pub role: String,
    /// The ARN of a role, of another account for the most part, that the first one assumes for the pods.
    pub target_role: Option<String>,
}

impl Cluster {
    /// `arn:aws:eks:us-east-1:111111111111:cluster/prod`
    pub fn arn(&self) -> String {
        format!("arn:aws:eks:{}:{}:cluster/{}", self.region, self.account, self.name)
    }

    /// What a target role's trust policy can ask for as `sts:ExternalId`. Source: EKS User Guide, "Access AWS resources using EKS Pod Identity target
    /// IAM roles".
    pub fn external_id(&self, association: &Association) -> String {
        let Association { namespace, service_account, .. } = association;
        format!("{}/{}/{}/{namespace}/{service_account}", self.region, self.account, self.name)
    }

    /// The association of a service account.
    pub fn association(&self, namespace: &str, service_account: &str) -> Option<&Association> {
        let meant = |association: &&Association| {
            association.namespace == namespace && association.service_account == service_account
        };
        self.associations.iter().find(meant)
    }
}
