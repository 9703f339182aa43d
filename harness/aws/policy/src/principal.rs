//! Who a request comes from.

/// The principal of a request. Source: IAM User Guide, "AWS JSON policy elements: Principal" and "AWS global condition context keys".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Nobody: the request is not signed.
    Anonymous,
    /// The root user of an account.
    Root {
        /// Twelve digits.
        account: String,
    },
    /// An IAM user.
    User {
        /// Twelve digits.
        account: String,
        /// `/` or `/division/`
        path: String,
        /// Its name.
        name: String,
        /// `AIDA...`
        id: String,
    },
    /// A session of a role.
    Session {
        /// The role's account.
        account: String,
        /// The role's path: `/` or `/service-role/`.
        path: String,
        /// The role's name.
        role: String,
        /// `AROA...`
        id: String,
        /// The session's name.
        session: String,
    },
    /// Whom a user of an account vouches for: GetFederationToken.
    FederatedUser {
        /// The account of the user.
        account: String,
        /// The name that the user gave.
        name: String,
        /// Who vouches: a user, or the account's root.
        by: Box<Self>,
    },
    /// An identity that another provider vouches for: AssumeRoleWithWebIdentity.
    Federated {
        /// The provider's ARN: `arn:aws:iam::111111111111:oidc-provider/host/path`
        provider: String,
    },
    /// An AWS service.
    Service {
        /// `pods.eks.amazonaws.com`
        name: String,
    },
}

impl Principal {
    /// The account that the principal belongs to; none for those that belong to no account.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Root { account }
            | Self::User { account, .. }
            | Self::Session { account, .. }
            | Self::FederatedUser { account, .. } => Some(account),
            Self::Anonymous | Self::Federated { .. } | Self::Service { .. } => None,
        }
    }

    /// How error messages and logs name it. A session's ARN has no path.
    pub fn arn(&self) -> String {
        match self {
            Self::Anonymous => "anonymous".to_owned(),
            Self::Root { account } => format!("arn:aws:iam::{account}:root"),
            Self::User { account, path, name, .. } => format!("arn:aws:iam::{account}:user{path}{name}"),
            Self::Session { account, role, session, .. } => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            Self::FederatedUser { account, name, .. } => format!("arn:aws:sts::{account}:federated-user/{name}"),
            Self::Federated { provider } => provider.clone(),
            Self::Service { name } => name.clone(),
        }
    }

    /// The ARN of what has the policies: the user, or the role with its path.
    pub fn holder_arn(&self) -> Option<String> {
        match self {
            Self::Session { account, path, role, .. } => Some(format!("arn:aws:iam::{account}:role{path}{role}")),
            Self::Root { .. } | Self::User { .. } => Some(self.arn()),
            Self::FederatedUser { by, .. } => by.holder_arn(),
            Self::Anonymous | Self::Federated { .. } | Self::Service { .. } => None,
        }
    }

    /// Whether every right of its account is at its disposal, as far as nothing limits it: the root user, and whom it vouches for.
    pub fn is_root(&self) -> bool {
        match self {
            Self::FederatedUser { by, .. } => by.is_root(),
            other => matches!(other, Self::Root { .. }),
        }
    }

    /// The unique id of the user or role (`AIDA...`, `AROA...`) whose policies it has.
    pub fn unique_id(&self) -> Option<&str> {
        match self {
            Self::User { id, .. } | Self::Session { id, .. } => Some(id),
            Self::FederatedUser { by, .. } => by.unique_id(),
            _ => None,
        }
    }

    /// The keys that follow from the principal alone: `aws:PrincipalArn`, `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`,
    /// `aws:username`, `aws:FederatedProvider`.
    pub fn keys(&self, context: &mut crate::Context) {
        // That of a session is its role.
        let arn = if matches!(self, Self::FederatedUser { .. }) { Some(self.arn()) } else { self.holder_arn() };
        if let Some(arn) = arn {
            context.set("aws:PrincipalArn", arn);
        }
        if let Some(account) = self.account() {
            context.set("aws:PrincipalAccount", account);
        }
        let (kind, userid) = match self {
            Self::Anonymous => ("Anonymous", Some("anonymous".to_owned())),
            Self::Root { account } => ("Account", Some(account.clone())),
            Self::User { id, name, .. } => {
                context.set("aws:username", name);
                ("User", Some(id.clone()))
            }
            Self::Session { id, session, .. } => ("AssumedRole", Some(format!("{id}:{session}"))),
            Self::FederatedUser { account, name, .. } => ("FederatedUser", Some(format!("{account}:{name}"))),
            Self::Federated { provider } => {
                context.set("aws:FederatedProvider", provider);
                ("FederatedUser", None)
            }
            Self::Service { .. } => return,
        };
        context.set("aws:PrincipalType", kind);
        if let Some(userid) = userid {
            context.set("aws:userid", userid);
        }
    }
}
