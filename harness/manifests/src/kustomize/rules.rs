//! Where names, namespaces, labels and the like stand in which kinds.
//!
//! The built-in rules are those of kustomize 5.5, written as products of kinds and paths: a pod's specification has the
//! same fields wherever it is embedded. A kustomization's `configurations` add to them, and what a base adds holds for
//! whoever uses the base.

use std::path::Path;

use super::fields::Fields;
use super::fieldspec::FieldSpec;
use crate::diagnostic::Outcome;
use crate::document;
use crate::files;
use crate::identity::Gvk;
use crate::yaml::Booleans;

/// Field specifications by what they are for.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    pub(super) name_prefix: Vec<FieldSpec>,
    pub(super) name_suffix: Vec<FieldSpec>,
    pub(super) namespace: Vec<FieldSpec>,
    /// Labels of objects, templates and selectors.
    pub(super) common_labels: Vec<FieldSpec>,
    /// Labels of objects and templates.
    pub(super) template_labels: Vec<FieldSpec>,
    /// Further labels of every entry of `labels`.
    pub(super) labels: Vec<FieldSpec>,
    pub(super) common_annotations: Vec<FieldSpec>,
    pub(super) images: Vec<FieldSpec>,
    pub(super) replicas: Vec<FieldSpec>,
    pub(super) vars: Vec<FieldSpec>,
    pub(super) references: Vec<Reference>,
}

/// Which fields hold the name of an object of some kind.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    /// The kind that is referred to; empty parts fit any.
    pub(super) target: Gvk,
    pub(super) referrers: Vec<FieldSpec>,
}

impl Rules {
    /// Adds the rules of another kustomization; a rule that is there already is not added again.
    pub(super) fn merge(&mut self, other: Rules) {
        add(&mut self.name_prefix, other.name_prefix);
        add(&mut self.name_suffix, other.name_suffix);
        add(&mut self.namespace, other.namespace);
        add(&mut self.common_labels, other.common_labels);
        add(&mut self.template_labels, other.template_labels);
        add(&mut self.labels, other.labels);
        add(&mut self.common_annotations, other.common_annotations);
        add(&mut self.images, other.images);
        add(&mut self.replicas, other.replicas);
        add(&mut self.vars, other.vars);
        for reference in other.references {
            match self.references.iter_mut().find(|known| known.target == reference.target) {
                Some(known) => add(&mut known.referrers, reference.referrers),
                None => self.references.push(reference),
            }
        }
    }

    /// Reads a file of `configurations`.
    pub(super) fn read(path: &Path) -> Outcome<Rules> {
        let file = files::read(path)?;
        let mut rules = Rules::default();
        for node in document::nodes(&file, Booleans::Yaml11)? {
            let mut fields = Fields::of(&file, &node.value, &node.marks)?;
            rules.merge(Rules {
                name_prefix: fields.each("namePrefix", FieldSpec::parse)?,
                name_suffix: fields.each("nameSuffix", FieldSpec::parse)?,
                namespace: fields.each("namespace", FieldSpec::parse)?,
                common_labels: fields.each("commonLabels", FieldSpec::parse)?,
                template_labels: fields.each("templateLabels", FieldSpec::parse)?,
                labels: fields.each("labels", FieldSpec::parse)?,
                common_annotations: fields.each("commonAnnotations", FieldSpec::parse)?,
                images: fields.each("images", FieldSpec::parse)?,
                replicas: fields.each("replicas", FieldSpec::parse)?,
                vars: fields.each("varReference", FieldSpec::parse)?,
                references: fields.each("nameReference", reference)?,
            });
            // Files of configurations are often written as objects.
            for name in ["apiVersion", "kind", "metadata"] {
                fields.get(name);
            }
            fields.finish()?;
        }
        Ok(rules)
    }

    /// What kustomize knows without being told.
    pub(super) fn built_in() -> Rules {
        let annotations = template_metadata("annotations");
        let mut labels = template_metadata("labels");
        labels.push(FieldSpec {
            group: "apps".into(),
            ..FieldSpec::new("StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true)
        });
        let mut with_selectors = labels.clone();
        with_selectors.extend(selectors());
        Rules {
            name_prefix: vec![FieldSpec::new("", "metadata/name", false)],
            name_suffix: vec![FieldSpec::new("", "metadata/name", false)],
            namespace: namespaces(),
            common_labels: with_selectors,
            template_labels: labels,
            labels: Vec::new(),
            common_annotations: annotations,
            images: Vec::new(),
            replicas: ["Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"]
                .map(|kind| FieldSpec::new(kind, "spec/replicas", true))
                .to_vec(),
            vars: vars(),
            references: references(),
        }
    }
}

fn add(known: &mut Vec<FieldSpec>, more: Vec<FieldSpec>) {
    for spec in more {
        match known.iter_mut().find(|known| known.is_same_field(&spec)) {
            Some(known) => known.create |= spec.create,
            None => known.push(spec),
        }
    }
}

fn reference(mut fields: Fields<'_>) -> Outcome<Reference> {
    let target = Gvk { group: fields.text("group")?, version: fields.text("version")?, kind: fields.text("kind")? };
    let reference = Reference { target, referrers: fields.each("fieldSpecs", FieldSpec::parse)? };
    fields.finish()?;
    Ok(reference)
}

/// The kinds that embed a pod's specification, and where.
const WORKLOADS: [(&str, &str); 8] = [
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// Every workload's field below its pod's specification.
fn in_pods<'a>(paths: &'a [&'a str]) -> impl Iterator<Item = FieldSpec> + 'a {
    let spec = |(kind, pod): (&str, &str), path: &str| FieldSpec::new(kind, &format!("{pod}/{path}"), false);
    WORKLOADS.into_iter().flat_map(move |workload| paths.iter().map(move |path| spec(workload, path)))
}

fn of_group(group: &str, spec: FieldSpec) -> FieldSpec {
    FieldSpec { group: group.to_owned(), ..spec }
}

fn namespaces() -> Vec<FieldSpec> {
    vec![
        FieldSpec::new("Namespace", "metadata/name", true),
        of_group("apiregistration.k8s.io", FieldSpec::new("APIService", "spec/service/namespace", true)),
        of_group(
            "apiextensions.k8s.io",
            FieldSpec::new("CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service/namespace", false),
        ),
    ]
}

/// Labels or annotations of every object, and of the templates within workloads.
fn template_metadata(what: &str) -> Vec<FieldSpec> {
    let mut specs = vec![FieldSpec::new("", &format!("metadata/{what}"), true)];
    for (group, kind, template) in [
        ("", "ReplicationController", "spec/template"),
        ("", "Deployment", "spec/template"),
        ("", "ReplicaSet", "spec/template"),
        ("", "DaemonSet", "spec/template"),
        ("apps", "StatefulSet", "spec/template"),
        ("batch", "Job", "spec/template"),
        ("batch", "CronJob", "spec/jobTemplate"),
        ("batch", "CronJob", "spec/jobTemplate/spec/template"),
    ] {
        specs.push(of_group(group, FieldSpec::new(kind, &format!("{template}/metadata/{what}"), true)));
    }
    specs
}

fn selectors() -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for (group, kind, path, create) in [
        ("", "ReplicationController", "spec/selector", true),
        ("", "Deployment", "spec/selector/matchLabels", true),
        ("", "ReplicaSet", "spec/selector/matchLabels", true),
        ("", "DaemonSet", "spec/selector/matchLabels", true),
        ("apps", "StatefulSet", "spec/selector/matchLabels", true),
        ("batch", "Job", "spec/selector/matchLabels", false),
        ("batch", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
        ("policy", "PodDisruptionBudget", "spec/selector/matchLabels", false),
        ("networking.k8s.io", "NetworkPolicy", "spec/podSelector/matchLabels", false),
        ("networking.k8s.io", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
        ("networking.k8s.io", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
    ] {
        specs.push(of_group(group, FieldSpec::new(kind, path, create)));
    }
    // Any Service of a v1 API, as long as it has the shape of one.
    specs.push(FieldSpec { version: "v1".to_owned(), ..FieldSpec::new("Service", "spec/selector", true) });
    for kind in ["Deployment", "StatefulSet"] {
        for path in [
            "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
            "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution",
            "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm",
            "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution",
            "topologySpreadConstraints",
        ] {
            let path = format!("spec/template/spec/{path}/labelSelector/matchLabels");
            specs.push(of_group("apps", FieldSpec::new(kind, &path, false)));
        }
    }
    specs
}

fn vars() -> Vec<FieldSpec> {
    let mut specs: Vec<FieldSpec> = in_pods(&[
        "containers/args",
        "containers/command",
        "containers/env/value",
        "containers/volumeMounts/mountPath",
        "initContainers/args",
        "initContainers/command",
        "initContainers/env/value",
        "initContainers/volumeMounts/mountPath",
        "volumes/nfs/server",
    ])
    .filter(|spec| spec.kind != "PodTemplate")
    .collect();
    for (kind, path) in [
        ("Deployment", "spec/template/metadata/annotations"),
        ("Ingress", "spec/rules/host"),
        ("Ingress", "spec/tls/hosts"),
        ("Ingress", "spec/tls/secretName"),
        ("Service", "spec/ports/port"),
        ("Service", "spec/ports/targetPort"),
        ("StatefulSet", "spec/volumeClaimTemplates/spec/nfs/server"),
        ("PersistentVolume", "spec/nfs/server"),
        ("", "metadata/labels"),
        ("", "metadata/annotations"),
    ] {
        specs.push(FieldSpec::new(kind, path, false));
    }
    specs
}

fn references() -> Vec<Reference> {
    let to = |group: &str, version: &str, kind: &str, referrers: Vec<FieldSpec>| Reference {
        target: Gvk { group: group.to_owned(), version: version.to_owned(), kind: kind.to_owned() },
        referrers,
    };
    let scaled = || vec![FieldSpec::new("HorizontalPodAutoscaler", "spec/scaleTargetRef/name", false)];
    // Kinds whose pods name an account, a claim or a priority: not quite the workloads.
    let pods = |field: &str| {
        let mut specs: Vec<FieldSpec> =
            in_pods(&[field]).filter(|spec| !["PodTemplate", "ReplicaSet"].contains(&spec.kind.as_str())).collect();
        specs.push(FieldSpec::new("ReplicationController", &format!("spec/template/spec/{field}"), false));
        specs
    };
    const RBAC: &str = "rbac.authorization.k8s.io";
    let binding = |kind: &str, path: &str| of_group(RBAC, FieldSpec::new(kind, path, false));
    vec![
        to("", "", "Deployment", scaled()),
        to("", "", "ReplicationController", scaled()),
        to("", "", "ReplicaSet", scaled()),
        to("", "", "StatefulSet", scaled()),
        to("", "v1", "ConfigMap", config_map_referrers()),
        to("", "v1", "Secret", secret_referrers()),
        to("", "v1", "Service", service_referrers()),
        to(RBAC, "", "Role", vec![binding("RoleBinding", "roleRef/name")]),
        to(
            RBAC,
            "",
            "ClusterRole",
            vec![binding("RoleBinding", "roleRef/name"), binding("ClusterRoleBinding", "roleRef/name")],
        ),
        to("", "v1", "ServiceAccount", {
            let mut specs = vec![binding("RoleBinding", "subjects"), binding("ClusterRoleBinding", "subjects")];
            specs.extend(pods("serviceAccountName"));
            specs
        }),
        to("", "v1", "PersistentVolumeClaim", pods("volumes/persistentVolumeClaim/claimName")),
        to(
            "",
            "v1",
            "PersistentVolume",
            vec![
                FieldSpec::new("PersistentVolumeClaim", "spec/volumeName", false),
                FieldSpec::new("ClusterRole", "rules/resourceNames", false),
            ],
        ),
        to(
            "storage.k8s.io",
            "v1",
            "StorageClass",
            vec![
                FieldSpec::new("PersistentVolume", "spec/storageClassName", false),
                FieldSpec::new("PersistentVolumeClaim", "spec/storageClassName", false),
                FieldSpec::new("StatefulSet", "spec/volumeClaimTemplates/spec/storageClassName", false),
            ],
        ),
        to("scheduling.k8s.io", "v1", "PriorityClass", pods("priorityClassName")),
    ]
}

fn config_map_referrers() -> Vec<FieldSpec> {
    let mut specs: Vec<FieldSpec> = in_pods(&[
        "volumes/configMap/name",
        "volumes/projected/sources/configMap/name",
        "containers/env/valueFrom/configMapKeyRef/name",
        "containers/envFrom/configMapRef/name",
        "initContainers/env/valueFrom/configMapKeyRef/name",
        "initContainers/envFrom/configMapRef/name",
    ])
    .collect();
    specs.extend([
        FieldSpec::new("Node", "spec/configSource/configMap", false),
        FieldSpec::new("Role", "rules/resourceNames", false),
        FieldSpec::new("ClusterRole", "rules/resourceNames", false),
        FieldSpec::new("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap", false),
    ]);
    specs
}

fn secret_referrers() -> Vec<FieldSpec> {
    let mut specs: Vec<FieldSpec> = in_pods(&[
        "volumes/secret/secretName",
        "volumes/projected/sources/secret/name",
        "containers/env/valueFrom/secretKeyRef/name",
        "containers/envFrom/secretRef/name",
        "initContainers/env/valueFrom/secretKeyRef/name",
        "initContainers/envFrom/secretRef/name",
        "imagePullSecrets/name",
    ])
    .collect();
    for (kind, path) in [
        ("Ingress", "spec/tls/secretName"),
        ("Ingress", r"metadata/annotations/ingress.kubernetes.io\/auth-secret"),
        ("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret"),
        ("Ingress", r"metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret"),
        ("ServiceAccount", "imagePullSecrets/name"),
        ("StorageClass", "parameters/secretName"),
        ("StorageClass", "parameters/adminSecretName"),
        ("StorageClass", "parameters/userSecretName"),
        ("StorageClass", "parameters/secretRef"),
        ("Role", "rules/resourceNames"),
        ("ClusterRole", "rules/resourceNames"),
        ("PersistentVolume", "spec/azureFile/secretName"),
    ] {
        specs.push(FieldSpec::new(kind, path, false));
    }
    let knative = FieldSpec::new("Service", "spec/template/spec/containers/env/valueFrom/secretKeyRef/name", false);
    specs.push(of_group("serving.knative.dev", knative));
    specs
}

fn service_referrers() -> Vec<FieldSpec> {
    let mut specs = Vec::new();
    for (group, kind, path) in [
        ("apps", "StatefulSet", "spec/serviceName"),
        ("", "Ingress", "spec/rules/http/paths/backend/serviceName"),
        ("", "Ingress", "spec/backend/serviceName"),
        ("", "Ingress", "spec/rules/http/paths/backend/service/name"),
        ("", "Ingress", "spec/defaultBackend/service/name"),
        ("apiregistration.k8s.io", "APIService", "spec/service/name"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration", "webhooks/clientConfig/service"),
        ("", "HTTPRoute", "spec/rules/backendRefs/name"),
    ] {
        specs.push(of_group(group, FieldSpec::new(kind, path, false)));
    }
    specs
}
