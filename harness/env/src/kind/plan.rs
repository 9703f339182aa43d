//! What is done to make a cluster and to fill it: a list of commands, which can be run or shown.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use proofmark_json::json;

use crate::shell_word;

/// How long kind may take for a node: its image may have to be fetched.
const FOR_CLUSTER: Duration = Duration::from_secs(15 * 60);
/// How long an image may take on its way into the node.
const FOR_IMAGE: Duration = Duration::from_secs(10 * 60);
/// How long a manifest may be refused: kinds are not served at once, and webhooks not answered.
const FOR_MANIFEST: Duration = Duration::from_secs(5 * 60);
/// How long what was installed may take until it runs: images have to be fetched.
const FOR_DEPLOYMENTS: Duration = Duration::from_secs(15 * 60);
const FOR_QUESTIONS: Duration = Duration::from_secs(60);

/// The names by which a folder is known as a kustomization.
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A cluster, and what shall be on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KindPlan {
    /// Its name.
    pub name: String,
    /// The image of its node; kind's own unless told.
    pub node_image: Option<String>,
    /// Images of this machine's container engine that the node shall have.
    pub images: Vec<String>,
    /// Files, folders, kustomizations and URLs, in the order in which they are installed.
    pub install: Vec<String>,
    /// How KServe deploys InferenceServices that do not say it; as installed unless told.
    pub deployment_mode: Option<DeploymentMode>,
    /// Whether it stays.
    pub retain: bool,
}

/// How KServe deploys InferenceServices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeploymentMode {
    /// By Deployments and Services.
    Raw,
    /// By Knative.
    Knative,
}

impl DeploymentMode {
    /// The name that every release knows: those since 0.16 call them Standard and Knative, and still read these.
    fn name(self) -> &'static str {
        match self {
            Self::Raw => "RawDeployment",
            Self::Knative => "Serverless",
        }
    }
}

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    /// What it does, as a heading.
    pub(super) what: String,
    pub(super) program: &'static str,
    pub(super) arguments: Vec<String>,
    /// Standard input.
    pub(super) input: Option<String>,
    /// How long it may take, with all attempts.
    pub(super) patience: Duration,
    /// Whether it is tried again when it fails.
    pub(super) again: bool,
}

impl Step {
    fn new(what: impl Into<String>, program: &'static str, arguments: &[&str], patience: Duration) -> Self {
        let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        Self { what: what.into(), program, arguments, input: None, patience, again: false }
    }

    /// As a POSIX shell reads it.
    fn script(&self) -> String {
        let words: Vec<String> = self.arguments.iter().map(|word| shell_word(word)).collect();
        let line = format!("{} {}", self.program, words.join(" "));
        match &self.input {
            Some(input) => format!("{line} <<'END'\n{input}END\n"),
            None if self.again => format!("until {line}; do sleep 5; done\n"),
            None => format!("{line}\n"),
        }
    }
}

/// Asks kind which one it is.
pub(super) fn version() -> Step {
    Step::new("asking kind for its version", "kind", &["version"], FOR_QUESTIONS)
}

/// Asks whether there is a kubectl.
pub(super) fn client() -> Step {
    Step::new("asking kubectl for its version", "kubectl", &["version", "--client"], FOR_QUESTIONS)
}

/// Asks which clusters there are, and so whether kind reaches a container engine.
pub(super) fn clusters() -> Step {
    Step::new("asking kind for its clusters", "kind", &["get", "clusters"], FOR_QUESTIONS)
}

impl KindPlan {
    /// Makes the cluster and fills it.
    pub(super) fn build(&self) -> Vec<Step> {
        let mut steps = vec![self.create()];
        steps.extend(self.images.iter().map(|image| {
            let arguments = ["load", "docker-image", image, "--name", &self.name];
            Step::new(format!("loading the image {image}"), "kind", &arguments, FOR_IMAGE)
        }));
        for source in &self.install {
            let how = if is_kustomization(source) { "-k" } else { "-f" };
            let arguments = ["apply", "--server-side", "--force-conflicts", how, source];
            let apply = Step::new(format!("installing {source}"), "kubectl", &arguments, FOR_MANIFEST);
            steps.push(Step { again: true, ..apply });
            let minutes = FOR_DEPLOYMENTS.as_secs() / 60;
            let timeout = format!("--timeout={minutes}m");
            let arguments =
                ["wait", "--for=condition=Available", "deployment", "--all", "--all-namespaces", timeout.as_str()];
            let what = format!("waiting until all deployments are available ({source})");
            // kubectl's own time-out comes first, since it names what is missing.
            steps.push(Step::new(what, "kubectl", &arguments, FOR_DEPLOYMENTS + FOR_QUESTIONS));
        }
        steps.extend(self.deployment_mode.map(set_deployment_mode));
        steps
    }

    fn create(&self) -> Step {
        let config =
            json!({"kind": "Cluster", "apiVersion": "kind.x-k8s.io/v1alpha4", "nodes": [{"role": "control-plane"}]});
        let mut arguments = vec!["create", "cluster", "--name", &self.name, "--config", "-", "--wait", "5m"];
        arguments.extend(self.node_image.iter().flat_map(|image| ["--image", image]));
        let create = Step::new(format!("creating the cluster {}", self.name), "kind", &arguments, FOR_CLUSTER);
        Step { input: Some(format!("{config}\n")), ..create }
    }

    /// Takes the cluster away.
    pub(super) fn delete(&self) -> Step {
        let arguments = ["delete", "cluster", "--name", &self.name];
        Step::new(format!("deleting the cluster {}", self.name), "kind", &arguments, FOR_IMAGE)
    }

    /// All of it as a shell script. What is played comes where `play` stands.
    pub fn script(&self, play: &str) -> String {
        let mut script = "set -e\nexport KUBECONFIG=\"$(mktemp)\"\n".to_owned();
        for step in [version(), client(), clusters()].iter().chain(&self.build()) {
            script.push_str(&step.script());
        }
        // Writing to a String does not fail.
        let _ = writeln!(script, "# {play}");
        if !self.retain {
            script.push_str(&self.delete().script());
        }
        script
    }
}

/// Changes what KServe's installation says about it, as its own installer does.
fn set_deployment_mode(mode: DeploymentMode) -> Step {
    let deploy = json!({"defaultDeploymentMode": mode.name()}).to_string();
    let patch = json!({"data": {"deploy": deploy}}).to_string();
    let arguments = [
        "patch",
        "configmap",
        "inferenceservice-config",
        "--namespace",
        "kserve",
        "--type",
        "merge",
        "--patch",
        &patch,
    ];
    Step::new(format!("setting KServe's deployment mode to {}", mode.name()), "kubectl", &arguments, FOR_QUESTIONS)
}

fn is_kustomization(source: &str) -> bool {
    KUSTOMIZATIONS.iter().any(|name| Path::new(source).join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_a_script_in_the_order_of_what_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("kustomization.yaml"), "").unwrap();
        let kustomization = folder.path().display().to_string();
        let plan = KindPlan {
            name: "one".to_owned(),
            node_image: Some("kindest/node:v1.35.0".to_owned()),
            images: vec!["ours:1".to_owned()],
            install: vec!["https://example.org/it's.yaml".to_owned(), kustomization.clone()],
            deployment_mode: Some(DeploymentMode::Raw),
            retain: false,
        };
        let wait = "kubectl wait --for=condition=Available deployment --all --all-namespaces --timeout=15m\n";
        let expected = [
            "set -e\nexport KUBECONFIG=\"$(mktemp)\"\nkind version\nkubectl version --client\nkind get clusters\n",
            "kind create cluster --name one --config - --wait 5m --image kindest/node:v1.35.0 <<'END'\n",
            r#"{"kind":"Cluster","apiVersion":"kind.x-k8s.io/v1alpha4","nodes":[{"role":"control-plane"}]}"#,
            "\nEND\nkind load docker-image ours:1 --name one\n",
            "until kubectl apply --server-side --force-conflicts -f 'https://example.org/it'\\''s.yaml'; do sleep 5; done\n",
            wait,
            &format!("until kubectl apply --server-side --force-conflicts -k {kustomization}; do sleep 5; done\n"),
            wait,
            "kubectl patch configmap inferenceservice-config --namespace kserve --type merge --patch ",
            r#"'{"data":{"deploy":"{\"defaultDeploymentMode\":\"RawDeployment\"}"}}'"#,
            "\n# play\nkind delete cluster --name one\n",
        ];
        assert_eq!(plan.script("play"), expected.concat());
        assert!(!KindPlan { retain: true, ..plan }.script("play").contains("delete"));
    }
}
