//! The V2 protocol (Open Inference Protocol): health, metadata, inference, and the extension that loads and unloads models.

use http::Method;
use proofmark_json::{Value, json};

use super::Server;
use super::answer::{Failure, json as read};
use crate::ids;

const NO_VERSIONS: &str = "Model versioning not supported yet.";

/// Answers what stands behind `/v2/`.
pub(super) async fn answer(server: &Server, method: &Method, path: &[&str], body: &[u8]) -> Result<Value, Failure> {
    let wanted = |only: Method| if *method == only { Ok(()) } else { Err(Failure::no_method()) };
    match path {
        [] => wanted(Method::GET).map(|()| {
            json!({"name": server.program.name, "version": env!("CARGO_PKG_VERSION"), "extensions": ["model_repository_extension"]})
        }),
        ["health", "live"] => wanted(Method::GET).map(|()| json!({"live": true})),
        ["health", "ready"] => wanted(Method::GET).map(|()| json!({"ready": true})),
        ["models"] => wanted(Method::GET).map(|()| json!({"models": server.models.names()})),
        ["models", _, "versions", ..] => Err(Failure::not_implemented(NO_VERSIONS)),
        ["models", name] => {
            wanted(Method::GET)?;
            let width = server.model(name)?.width();
            let tensor = |name: &str, shape: Value| json!({"name": name, "datatype": "FP64", "shape": shape});
            let (inputs, outputs) = (tensor("input-0", json!([-1, width])), tensor("output-0", json!([-1])));
            Ok(json!({"name": name, "platform": "", "inputs": [inputs], "outputs": [outputs]}))
        }
        ["models", name, "ready"] => {
            wanted(Method::GET)?;
            server.model(name).map(|_| json!({"name": name, "ready": true}))
        }
        ["models", name, "infer"] => {
            wanted(Method::POST)?;
            infer(server, name, body)
        }
        ["repository", "models", name, "load"] => {
            wanted(Method::POST)?;
            let loaded = server.models.load(name).await;
            loaded.map_err(|error| Failure::not_ready(name, &format!("Error type: {error}")))?;
            Ok(json!({"name": name, "load": true}))
        }
        ["repository", "models", name, "unload"] => {
            wanted(Method::POST)?;
            if !server.models.unload(name) {
                return Err(Failure::unknown_model((server.program.unknown)(name)));
            }
            Ok(json!({"name": name, "unload": true}))
        }
        _ => Err(Failure::no_route()),
    }
}

fn infer(server: &Server, name: &str, body: &[u8]) -> Result<Value, Failure> {
    let request = read(body)?;
    let inputs = request.get("inputs").and_then(Value::as_array).ok_or_else(|| Failure::field_required("inputs"))?;
    let model = server.model(name)?;
    let input = inputs.first().ok_or_else(|| Failure::field_required("inputs"))?;
    let rows = rows(input)?;
    let predictions = server.predictions(&model, &rows)?;
    let wide = predictions.first().and_then(Value::as_array).map(Vec::len);
    let shape: Vec<usize> = [Some(predictions.len()), wide].into_iter().flatten().collect();
    let flat: Vec<&Value> = predictions
        .iter()
        .flat_map(|one| one.as_array().map_or_else(|| vec![one], |many| many.iter().collect()))
        .collect();
    let datatype = match flat.first() {
        Some(Value::String(_)) => "BYTES",
        Some(Value::Number(number)) if number.is_i64() => "INT64",
        _ => "FP64",
    };
    let id = request.get("id").and_then(Value::as_str).map_or_else(|| identifier(server, body), str::to_owned);
    let output = json!({"name": "output-0", "shape": shape, "datatype": datatype, "parameters": null, "data": flat});
    Ok(json!({"model_name": name, "model_version": null, "id": id, "parameters": null, "outputs": [output]}))
}

/// A tensor as rows of numbers. Its data may be flat or nested.
fn rows(input: &Value) -> Result<Vec<Vec<f64>>, Failure> {
    let required = |field: &'static str| move || Failure::field_required(field);
    let shape = input.get("shape").and_then(Value::as_array).ok_or_else(required("shape"))?;
    let shape: Option<Vec<usize>> =
        shape.iter().map(|size| size.as_u64().and_then(|size| usize::try_from(size).ok())).collect();
    let data = input.get("data").and_then(Value::as_array).ok_or_else(required("data"))?;
    let mut flat = Vec::new();
    data.iter().try_for_each(|item| flatten(item, &mut flat)).map_err(Failure::inference)?;
    let Some([rows, width]) = shape.as_deref() else {
        let found = shape.map_or(0, |shape| shape.len());
        return Err(Failure::inference(format!("Expected 2D array, got {found}D array instead")));
    };
    if rows.checked_mul(*width) != Some(flat.len()) {
        let size = flat.len();
        return Err(Failure::inference(format!("cannot reshape array of size {size} into shape ({rows},{width})")));
    }
    Ok(if *width == 0 { vec![Vec::new(); *rows] } else { flat.chunks(*width).map(<[f64]>::to_vec).collect() })
}

fn flatten(item: &Value, into: &mut Vec<f64>) -> Result<(), String> {
    match item {
        Value::Array(items) => items.iter().try_for_each(|item| flatten(item, into)),
        Value::String(text) => Err(format!("could not convert string to float: '{text}'")),
        other => {
            into.push(other.as_f64().ok_or_else(|| "float() argument must be a string or a real number".to_owned())?);
            Ok(())
        }
    }
}

/// What a request without an id is called: the same for the same request to the same pod at the same time.
fn identifier(server: &Server, body: &[u8]) -> String {
    let container = &server.container;
    ids::uuid([container.pod.uid.as_bytes(), container.now().to_string().as_bytes(), body])
}
