//! The V1 protocol: `/v1/models`, `/v1/models/NAME`, `/v1/models/NAME:predict`.

use http::Method;
use proofmark_json::{Value, json};

use super::Server;
use super::answer::{Failure, json as read};

/// Answers what stands behind `/v1/`.
pub(super) fn answer(server: &Server, method: &Method, path: &[&str], body: &[u8]) -> Result<Value, Failure> {
    let wanted = |only: Method| if *method == only { Ok(()) } else { Err(Failure::no_method()) };
    match path {
        ["models"] => wanted(Method::GET).map(|()| json!({"models": server.models.names()})),
        ["models", call] => match call.rsplit_once(':') {
            None => {
                wanted(Method::GET)?;
                server.model(call).map(|_| json!({"name": call, "ready": true}))
            }
            Some((name, "predict")) => {
                wanted(Method::POST)?;
                predict(server, name, body)
            }
            Some((name, "explain")) => {
                wanted(Method::POST)?;
                server.model(name)?;
                Err(Failure::not_implemented("explain is not implemented."))
            }
            Some(_) => Err(Failure::no_route()),
        },
        _ => Err(Failure::no_route()),
    }
}

fn predict(server: &Server, name: &str, body: &[u8]) -> Result<Value, Failure> {
    let request = read(body)?;
    let model = server.model(name)?;
    let Some(instances) = request.get("inputs").or_else(|| request.get("instances")) else {
        return Err(Failure::invalid("Expected key \"instances\" in request body"));
    };
    let Some(instances) = instances.as_array() else {
        return Err(Failure::invalid("Expected \"instances\" to be a list"));
    };
    let rows = instances.iter().map(row).collect::<Option<Vec<_>>>().ok_or_else(|| not_two_dimensional(instances))?;
    Ok(json!({"predictions": server.predictions(&model, &rows)?}))
}

fn row(instance: &Value) -> Option<Vec<f64>> {
    instance.as_array()?.iter().map(Value::as_f64).collect()
}

/// scikit-learn's words for anything but rows of numbers.
fn not_two_dimensional(instances: &[Value]) -> Failure {
    if instances.iter().all(Value::is_number) {
        let numbers: Vec<String> = instances.iter().map(Value::to_string).collect();
        let array = format!("array=[{}]", numbers.join(" "));
        return Failure::inference(format!(
            "Expected 2D array, got 1D array instead:\n{array}.\nReshape your data either using array.reshape(-1, 1) if your data has a single feature or array.reshape(1, -1) if it contains a single sample."
        ));
    }
    let text = instances.iter().find_map(|row| row.as_array()?.iter().find_map(Value::as_str));
    Failure::inference(match text {
        Some(text) => format!("could not convert string to float: '{text}'"),
        None => "setting an array element with a sequence.".to_owned(),
    })
}
