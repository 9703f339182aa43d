//! A model that can be computed here: a linear rule.
//!
//! Its file is JSON: `format` is `proofmark/linear`; each row of `weights` with its number in `intercepts` gives one score for the features. With `classes`
//! (one for each row) the prediction is the class of the highest score, without them the only score. `estimator` is what error messages call the model.

use proofmark_json::Value;
use serde::Deserialize;
use thiserror::Error;

const FORMAT: &str = "proofmark/linear";
const NO_CLASSES: &str = "a model without classes has one row of weights";

/// Why a file is no model.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModelError {
    /// It is not of this format.
    #[error("no JSON of the format {FORMAT}: {0}")]
    Format(String),
    /// Its numbers do not fit together.
    #[error("{0}")]
    Shape(&'static str),
}

/// A linear model.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    format: String,
    #[serde(default = "usual_estimator")]
    estimator: String,
    /// Names of the features, for the reader alone.
    #[serde(default)]
    features: Vec<String>,
    #[serde(default)]
    classes: Vec<Value>,
    weights: Vec<Vec<f64>>,
    intercepts: Vec<f64>,
}

fn usual_estimator() -> String {
    "LinearModel".to_owned()
}

impl Model {
    /// Reads a model.
    ///
    /// # Errors
    /// When it is of another format, or does not fit together.
    pub fn read(bytes: &[u8]) -> Result<Self, ModelError> {
        let model: Self = proofmark_json::from_slice(bytes).map_err(|error| ModelError::Format(error.to_string()))?;
        let width = model.weights.first().map_or(0, Vec::len);
        if model.format != FORMAT {
            return Err(ModelError::Format(format!("its format is {:?}", model.format)));
        }
        let shape = |fits: bool, why| if fits { Ok(()) } else { Err(ModelError::Shape(why)) };
        shape(width > 0, "there are no weights")?;
        shape(model.weights.iter().all(|row| row.len() == width), "rows of weights differ in length")?;
        shape(model.intercepts.len() == model.weights.len(), "there is one intercept for each row of weights")?;
        shape(model.features.is_empty() || model.features.len() == width, "there is one name for each feature")?;
        let classes = model.classes.len();
        shape(classes == model.weights.len() || classes == 0, "there is one class for each row of weights")?;
        shape(classes > 0 || model.weights.len() == 1, NO_CLASSES)?;
        Ok(model)
    }

    /// How many features it wants.
    pub fn width(&self) -> usize {
        self.weights.first().map_or(0, Vec::len)
    }

    /// A prediction for each row of features.
    ///
    /// # Errors
    /// When a row has another number of features, in scikit-learn's words.
    pub fn predict(&self, rows: &[Vec<f64>]) -> Result<Vec<Value>, String> {
        self.check(rows)?;
        Ok(rows.iter().map(|row| self.one(row)).collect())
    }

    /// How probable each class is, for each row of features.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn probabilities(&self, rows: &[Vec<f64>]) -> Result<Vec<Value>, String> {
        self.check(rows)?;
        Ok(rows
            .iter()
            .map(|row| {
                let scores: Vec<f64> = self.scores(row).collect();
                let highest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weights: Vec<f64> = scores.iter().map(|score| (score - highest).exp()).collect();
                let sum: f64 = weights.iter().sum();
                weights.iter().map(|weight| Value::from(weight / sum)).collect()
            })
            .collect())
    }

    /// Whether it sorts into classes.
    pub fn classifies(&self) -> bool {
        !self.classes.is_empty()
    }

    fn check(&self, rows: &[Vec<f64>]) -> Result<(), String> {
        let (width, estimator) = (self.width(), &self.estimator);
        match rows.iter().find(|row| row.len() != width) {
            Some(row) => {
                Err(format!("X has {} features, but {estimator} is expecting {width} features as input.", row.len()))
            }
            None => Ok(()),
        }
    }

    fn scores(&self, row: &[f64]) -> impl Iterator<Item = f64> {
        self.weights.iter().zip(&self.intercepts).map(move |(weights, intercept)| {
            intercept + weights.iter().zip(row).map(|(weight, feature)| weight * feature).sum::<f64>()
        })
    }

    fn one(&self, row: &[f64]) -> Value {
        // The first of equal scores, as numpy's argmax.
        let best = self.scores(row).enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best });
        match best {
            Some((class, score)) => self.classes.get(class).cloned().unwrap_or_else(|| Value::from(score)),
            None => Value::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;

    use super::*;

    const IRIS: &[u8] = include_bytes!("../../../../fixtures/models/iris.json");

    #[test]
    fn the_iris_of_the_fixtures_tells_irises_apart() {
        let iris = Model::read(IRIS).unwrap();
        let one_of_each = [vec![5.1, 3.5, 1.4, 0.2], vec![6.8, 2.8, 4.8, 1.4], vec![6.3, 3.3, 6.0, 2.5]];
        assert_eq!(iris.predict(&one_of_each), Ok(vec![json!(0), json!(1), json!(2)]));
        let sure = iris.probabilities(&one_of_each).unwrap();
        assert!(sure[0][0].as_f64().unwrap() > 0.99, "{sure:?}");
        assert_eq!(
            iris.predict(&[vec![1.0, 2.0]]),
            Err("X has 2 features, but LinearDiscriminantAnalysis is expecting 4 features as input.".to_owned())
        );
    }

    #[test]
    fn a_model_without_classes_predicts_numbers() {
        let line = json!({"format": FORMAT, "weights": [[2.0]], "intercepts": [1.0]});
        let line = Model::read(line.to_string().as_bytes()).unwrap();
        assert_eq!(line.predict(&[vec![3.0], vec![-0.5]]), Ok(vec![json!(7.0), json!(0.0)]));
    }

    #[rstest::rstest]
    #[case(json!({"format": "pickle", "weights": [[1.0]], "intercepts": [0.0]}))]
    #[case(json!({"format": FORMAT, "weights": [], "intercepts": []}))]
    #[case(json!({"format": FORMAT, "weights": [[1.0], [1.0, 2.0]], "intercepts": [0.0, 0.0], "classes": [0, 1]}))]
    #[case(json!({"format": FORMAT, "weights": [[1.0], [2.0]], "intercepts": [0.0, 0.0]}))]
    #[case(json!({"format": FORMAT, "weights": [[1.0]], "intercepts": []}))]
    #[case(json!([]))]
    fn what_does_not_fit_together_is_no_model(#[case] file: Value) {
        assert!(Model::read(file.to_string().as_bytes()).is_err());
    }
}
