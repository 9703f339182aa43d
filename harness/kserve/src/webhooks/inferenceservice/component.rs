//! Which implementations the components of a service name: one of several frameworks, a model format, or containers of the user's own.

use proofmark_controllers::kit::object;
use serde_json::Value;

use crate::behaviour::Behaviour;
use crate::names::{SERVER_CONTAINER, TRANSFORMER_CONTAINER};

/// A component of an InferenceService.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Predictor,
    Transformer,
    Explainer,
}

/// The frameworks with a block of their own in a predictor: the field, its Go name, and the protocol that it means unless another is named.
pub(super) const FRAMEWORKS: [(&str, &str, Option<&str>); 10] = [
    ("sklearn", "SKLearn", None),
    ("xgboost", "XGBoost", None),
    ("tensorflow", "Tensorflow", None),
    ("pytorch", "PyTorch", None),
    ("triton", "Triton", Some("v2")),
    ("onnx", "ONNX", Some("v2")),
    ("huggingface", "HuggingFace", Some("v2")),
    ("pmml", "PMML", None),
    ("lightgbm", "LightGBM", None),
    ("paddle", "Paddle", None),
];

impl Component {
    pub(super) const ALL: [Self; 3] = [Self::Predictor, Self::Transformer, Self::Explainer];

    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Predictor => "predictor",
            Self::Transformer => "transformer",
            Self::Explainer => "explainer",
        }
    }

    /// The component's block in a service.
    pub(super) fn of(self, service: &Value) -> Option<&Value> {
        service.pointer("/spec")?.get(self.field()).filter(|block| block.is_object())
    }

    /// How many implementations its block names.
    pub(super) fn implementations(self, block: &Value, behaviour: Behaviour) -> usize {
        let custom = usize::from(self.is_custom(block, behaviour));
        let named =
            |fields: &[&str]| fields.iter().filter(|field| block.get(**field).is_some_and(Value::is_object)).count();
        match self {
            Self::Predictor => named(&FRAMEWORKS.map(|(field, ..)| field)) + named(&["model"]) + custom,
            Self::Transformer => custom,
            Self::Explainer => named(&["art"]) + custom,
        }
    }

    /// Whether containers of the user's own serve. One that stands beside a model and only transforms does not.
    pub(super) fn is_custom(self, block: &Value, behaviour: Behaviour) -> bool {
        let containers = object::list(block, "/containers");
        let named = |name: &str| containers.iter().any(|container| object::text(container, "/name") == name);
        let beside = behaviour.collocation
            && self == Self::Predictor
            && named(TRANSFORMER_CONTAINER)
            && !named(SERVER_CONTAINER);
        !containers.is_empty() && !beside
    }

    /// The fields that a block must name exactly one of, as a denial lists them.
    pub(super) fn choice(self, behaviour: Behaviour) -> String {
        let mut names = match self {
            Self::Predictor => FRAMEWORKS.map(|(_, name, _)| name).to_vec(),
            Self::Transformer => Vec::new(),
            Self::Explainer => vec!["ART"],
        };
        if self == Self::Predictor {
            names.push("Model");
            if behaviour.worker_block {
                names.push("WorkerSpec");
            }
        }
        names.push("PodSpec");
        let of = match self {
            Self::Predictor => "PredictorSpec",
            Self::Transformer => "TransformerSpec",
            Self::Explainer => "ExplainerSpec",
        };
        let exactly = if behaviour.small_letters { "exactly" } else { "Exactly" };
        format!("{exactly} one of [{}] must be specified in {of}", names.join(", "))
    }
}
