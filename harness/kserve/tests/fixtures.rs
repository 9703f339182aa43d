//! What the fixtures say, release by release.

use std::collections::BTreeSet;

use proofmark_json::Value;
use proofmark_kserve::access::{self, UserRole};
use proofmark_kserve::{Flavor, Release, install};
use rstest::rstest;

#[test]
fn every_release_installs_well_formed_objects_once() {
    for release in Release::all() {
        for flavor in [Flavor::Standalone, Flavor::Kubeflow] {
            let objects = install::objects(*release, flavor);
            let ids: Vec<_> = objects.iter().map(|o| [&o["apiVersion"], &o["kind"], &o["metadata"]["name"]]).collect();
            assert!(ids.iter().flatten().all(|part| part.is_string()), "{release} {flavor:?}: {ids:?}");
            assert_eq!(
                ids.iter().map(|id| format!("{id:?}")).collect::<BTreeSet<_>>().len(),
                ids.len(),
                "{release} {flavor:?}"
            );
        }
    }
}

#[test]
fn a_crd_is_named_by_its_plural_and_stores_one_version() {
    for crd in Release::all().iter().flat_map(|release| install::crds(*release)) {
        let spec = &crd["spec"];
        assert_eq!(crd["metadata"]["name"], format!("{}.serving.kserve.io", spec["names"]["plural"].as_str().unwrap()));
        assert_eq!(spec["group"], access::GROUP);
        let stored = spec["versions"].as_array().unwrap().iter().filter(|version| version["storage"] == true);
        assert_eq!(stored.count(), 1, "{}", crd["metadata"]["name"]);
    }
}

#[test]
fn flavors_differ_in_namespace_roles_and_labels() {
    let names = |flavor| {
        let objects = install::objects(Release::latest(), flavor);
        let of =
            |kind| objects.iter().filter(move |o| o["kind"] == kind).map(|o| o["metadata"]["name"].clone()).collect();
        let labelled = objects.iter().filter(|o| o["metadata"]["labels"]["app"] == "kserve").count() == objects.len();
        (of("Namespace"), of("ClusterRole"), labelled)
    };
    let (namespaces, roles, labelled): (Vec<Value>, Vec<Value>, bool) = names(Flavor::Standalone);
    assert_eq!((namespaces.as_slice(), roles.len(), labelled), ([Value::from("kserve")].as_slice(), 0, false));
    let (namespaces, roles, labelled): (Vec<Value>, Vec<Value>, bool) = names(Flavor::Kubeflow);
    assert_eq!((namespaces.len(), roles.len(), labelled), (0, 3, true));
}

const BEFORE_4225: &str = "inferenceservices servingruntimes";
const FROM_4225: &str = "inferencegraphs inferenceservices servingruntimes trainedmodels";
const WITH_LLM: &str =
    "inferencegraphs inferenceservices lllminferenceserviceconfigs llminferenceservices servingruntimes trainedmodels";

#[rstest]
#[case::oldest("0.11.0", BEFORE_4225, "inferencegraphs trainedmodels", "")]
#[case::last_affected("0.14.1", BEFORE_4225, "inferencegraphs trainedmodels", "")]
#[case::first_candidate("0.15.0-rc0", BEFORE_4225, "inferencegraphs trainedmodels", "")]
#[case::first_fixed("0.15.0-rc1", FROM_4225, "", "")]
#[case::fixed("0.15.2", FROM_4225, "", "")]
#[case::llm("0.16.0", WITH_LLM, "llminferenceserviceconfigs", "lllminferenceserviceconfigs")]
#[case::namespaced_cache(
    "0.18.0",
    WITH_LLM,
    "llminferenceserviceconfigs localmodelnamespacecaches",
    "lllminferenceserviceconfigs"
)]
#[case::latest(
    "0.20.0",
    WITH_LLM,
    "llminferenceserviceconfigs localmodelnamespacecaches",
    "lllminferenceserviceconfigs"
)]
fn user_roles(#[case] release: Release, #[case] granted: &str, #[case] forgotten: &str, #[case] misnamed: &str) {
    for role in [UserRole::Edit, UserRole::View] {
        assert_eq!(access::granted(release, role).join(" "), granted);
        assert_eq!(access::forgotten(release, role).join(" "), forgotten);
        assert_eq!(access::misnamed(release, role).join(" "), misnamed);
    }
}

const CORE: &str =
    "clusterservingruntimes clusterstoragecontainers inferencegraphs inferenceservices servingruntimes trainedmodels";

#[rstest]
#[case("0.11.0", "")]
#[case("0.13.1", "")]
#[case("0.14.0", "clusterlocalmodels localmodelnodegroups")]
#[case("0.14.1", "localmodelcaches localmodelnodegroups localmodelnodes")]
#[case("0.15.2", "localmodelcaches localmodelnodegroups localmodelnodes")]
#[case(
    "0.16.0",
    "llminferenceserviceconfigs llminferenceservices localmodelcaches localmodelnodegroups localmodelnodes"
)]
#[case(
    "0.20.0",
    "llminferenceserviceconfigs llminferenceservices localmodelcaches localmodelnamespacecaches localmodelnodegroups localmodelnodes"
)]
fn kinds(#[case] release: Release, #[case] beside_the_core: &str) {
    let expected: BTreeSet<_> = CORE.split(' ').chain(beside_the_core.split_whitespace()).collect();
    let resources = access::resources(release);
    assert_eq!(resources.iter().map(|r| r.plural.as_str()).collect::<BTreeSet<_>>(), expected);
    let trained = resources.iter().find(|resource| resource.kind == "TrainedModel").expect("in every release");
    assert_eq!((trained.short_names.as_slice(), trained.namespaced), (["tm".to_owned()].as_slice(), true));
    assert!(!resources.iter().any(|resource| resource.plural.starts_with("cluster") && resource.namespaced));
}

#[test]
fn the_llm_kinds_have_two_versions_from_0_17() {
    let versions = |release: Release| {
        access::resources(release).into_iter().find(|r| r.kind == "LLMInferenceService").map(|r| r.versions)
    };
    assert_eq!(versions(Release::V0_15_2), None);
    assert_eq!(versions(Release::V0_16_0), Some(vec!["v1alpha1".to_owned()]));
    assert_eq!(versions(Release::V0_17_0), Some(vec!["v1alpha1".to_owned(), "v1alpha2".to_owned()]));
}
