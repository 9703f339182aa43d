//! The stories, each told once.

mod cross_account_assume_role;
mod cross_account_s3;
mod flattened_paths;
mod head_bucket_denied;
mod intermittent_403;
mod irsa_with_s3_endpoint;
mod key_escapes_destination;
mod kms_cross_account;
mod permanent_redirect;
mod plugin_rewrites_trust_policy;
mod redirect_recursion;
mod role_arn_typo;
mod s3_annotations_ignored;
mod tls_silently_off;
mod trust_without_sub;

use proofmark_replay::Scenario;

/// The scenarios of this family: accounts first, then endpoints, then files.
pub fn scenarios() -> Vec<Scenario> {
    let stories: [fn() -> Scenario; 15] = [
        cross_account_s3::scenario,
        cross_account_assume_role::scenario,
        trust_without_sub::scenario,
        plugin_rewrites_trust_policy::scenario,
        role_arn_typo::scenario,
        kms_cross_account::scenario,
        head_bucket_denied::scenario,
        intermittent_403::scenario,
        irsa_with_s3_endpoint::scenario,
        s3_annotations_ignored::scenario,
        permanent_redirect::scenario,
        redirect_recursion::scenario,
        tls_silently_off::scenario,
        flattened_paths::scenario,
        key_escapes_destination::scenario,
    ];
    stories.into_iter().map(|story| story().family("aws")).collect()
}
