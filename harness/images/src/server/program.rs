//! What differs between servers.

use proofmark_nodes::process::Container;

use crate::arguments::option;

/// A server by its image.
pub(crate) struct Program {
    /// Whether it speaks the V1 protocol beside V2.
    pub(super) v1: bool,
    /// Where its models lie.
    pub(super) layout: Layout,
    /// What it calls itself.
    pub(super) name: &'static str,
    /// Reads its arguments and variables.
    pub(super) settings: fn(&Container) -> Settings,
    /// Says that there is no such model.
    pub(super) unknown: fn(&str) -> String,
}

/// Where models lie.
#[derive(Debug, Clone, Copy)]
pub(super) enum Layout {
    /// One file in the directory, whose name ends so; or a directory for each model, with such a file.
    File(&'static [&'static str]),
    /// A directory for each model, with one for each version, with a file.
    Repository,
}

/// How a server was started.
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) directory: String,
    pub(super) port: u16,
}

const USUAL_PORT: u16 = 8080;
const USUAL_DIRECTORY: &str = "/mnt/models";

const fn kserve(name: &'static str, endings: &'static [&'static str]) -> Program {
    let unknown = |model: &str| format!("Model with name {model} does not exist.");
    Program { v1: true, layout: Layout::File(endings), name, settings: kserve_settings, unknown }
}

/// The servers that are played, by the names of their images.
pub(crate) static PROGRAMS: [(&str, &Program); 5] = [
    ("*kserve/sklearnserver", &kserve("sklearn", &[".joblib", ".pkl", ".pickle"])),
    ("*kserve/xgbserver", &kserve("xgboost", &[".bst", ".json", ".ubj"])),
    ("*kserve/lgbserver", &kserve("lightgbm", &[".bst"])),
    (
        "*seldonio/mlserver",
        &Program {
            v1: false,
            layout: Layout::File(&[".joblib", ".pickle", ".pkl", ".json", ".bst", ".ubj"]),
            name: "mlserver",
            settings: mlserver_settings,
            unknown: |model| format!("Model {model} not found"),
        },
    ),
    (
        "*nvidia/tritonserver",
        &Program {
            v1: false,
            layout: Layout::Repository,
            name: "triton",
            settings: triton_settings,
            unknown: |model| format!("Request for unknown model: '{model}' is not found"),
        },
    ),
];

fn kserve_settings(container: &Container) -> Settings {
    let option = |name: &str| option(&container.args, name);
    Settings {
        name: option("model_name").unwrap_or_else(|| "model".to_owned()),
        directory: option("model_dir").unwrap_or_else(|| USUAL_DIRECTORY.to_owned()),
        port: option("http_port").and_then(|port| port.parse().ok()).unwrap_or(USUAL_PORT),
    }
}

fn mlserver_settings(container: &Container) -> Settings {
    let variable = |name: &str| container.env.get(name).filter(|value| !value.is_empty()).cloned();
    Settings {
        name: variable("MLSERVER_MODEL_NAME").unwrap_or_default(),
        directory: variable("MLSERVER_MODEL_URI")
            .or_else(|| variable("MODELS_DIR"))
            .unwrap_or_else(|| USUAL_DIRECTORY.to_owned()),
        port: variable("MLSERVER_HTTP_PORT").and_then(|port| port.parse().ok()).unwrap_or(USUAL_PORT),
    }
}

fn triton_settings(container: &Container) -> Settings {
    let option = |name: &str| option(&container.args, name);
    Settings {
        name: String::new(),
        directory: option("model-store")
            .or_else(|| option("model-repository"))
            .unwrap_or_else(|| USUAL_DIRECTORY.to_owned()),
        port: option("http-port").and_then(|port| port.parse().ok()).unwrap_or(8000),
    }
}
