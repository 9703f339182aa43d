//! Which implementations the components of a service name: one of several frameworks, a model format, or containers of the user's own.

use proofmark_controllers::kit::object;
use proofmark_json::Value;

use crate::behaviour::Behaviour;
use crate::names::SERVER_CONTAINER;

/// A component of an InferenceService.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Component {
    Predictor,
    Transformer,
    Explainer,
}

/// The frameworks with a block of their own in a predictor: the field, its Go name, and the protocol that it means unless another is named.
const FRAMEWORKS: [(&str, &str, Option<&str>); 10] = [
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

/// Those of a release.
pub(super) fn frameworks(
    behaviour: Behaviour,
) -> impl Iterator<Item = (&'static str, &'static str, Option<&'static str>)> {
    FRAMEWORKS.into_iter().filter(move |(field, ..)| behaviour.hugging_face_block || *field != "huggingface")
}

/// The blocks of explainers with a server of their own: the field, and its Go name.
pub(super) fn explainers(behaviour: Behaviour) -> &'static [(&'static str, &'static str)] {
    const ALL: &[(&str, &str)] = &[("alibi", "Alibi"), ("art", "ART")];
    if behaviour.no_alibi { &ALL[1..] } else { ALL }
}

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

    /// How many implementations its block names. Where models may have company in their pod, containers of a predictor count when they are named as
    /// servers, or when nothing else serves.
    pub(super) fn implementations(self, block: &Value, behaviour: Behaviour) -> usize {
        let blocks = self.blocks(block, behaviour);
        let containers = object::list(block, "/containers");
        let own = match behaviour.collocation && self == Self::Predictor {
            true => containers.iter().filter(|container| object::text(container, "/name") == SERVER_CONTAINER).count(),
            false => 0,
        };
        let any = usize::from(!containers.is_empty());
        match (blocks + own, behaviour.collocation && self == Self::Predictor) {
            (0, _) => any,
            (some, true) => some,
            (some, false) => some + any,
        }
    }

    /// Whether containers of the user's own serve, and nothing beside them.
    pub(super) fn is_custom(self, block: &Value, behaviour: Behaviour) -> bool {
        self.blocks(block, behaviour) == 0 && !object::list(block, "/containers").is_empty()
    }

    /// How many blocks name a framework, a model or an explainer.
    fn blocks(self, block: &Value, behaviour: Behaviour) -> usize {
        let there = |field: &str| block.get(field).is_some_and(Value::is_object);
        match self {
            Self::Predictor => {
                frameworks(behaviour).filter(|(field, ..)| there(field)).count() + usize::from(there("model"))
            }
            Self::Transformer => 0,
            Self::Explainer => explainers(behaviour).iter().filter(|(field, _)| there(field)).count(),
        }
    }

    /// The fields that a block must name exactly one of, as a denial lists them.
    pub(super) fn choice(self, behaviour: Behaviour) -> String {
        let mut names = match self {
            Self::Predictor => {
                let name = behaviour.named_predictors.then_some("Name");
                name.into_iter().chain(frameworks(behaviour).map(|(_, name, _)| name)).collect()
            }
            Self::Transformer => Vec::new(),
            Self::Explainer => explainers(behaviour).iter().map(|(_, name)| *name).collect(),
        };
        if self == Self::Predictor {
            names.push("Model");
            if behaviour.nameless_models {
                names.push("StorageUris");
            }
            if behaviour.named_predictors {
                names.push("StorageContainerName");
            }
            if behaviour.worker_block {
                names.push("WorkerSpec");
            }
        }
        names.push("PodSpec");
        if behaviour.nameless_models && self != Self::Predictor {
            names.push("ComponentExtensionSpec");
        }
        let of = match self {
            Self::Predictor => "PredictorSpec",
            Self::Transformer => "TransformerSpec",
            Self::Explainer => "ExplainerSpec",
        };
        let exactly = if behaviour.small_letters { "exactly" } else { "Exactly" };
        format!("{exactly} one of [{}] must be specified in {of}", names.join(", "))
    }
}
