//! Quality of service: how much of what pods ask for is assured.

use proofmark_builtin::quantity::Quantity;
use proofmark_json::Value;

use crate::amount;

/// `Guaranteed`, `Burstable` or `BestEffort`, from requests and limits of CPU and memory.
///
/// Source: `pkg/apis/core/v1/helper/qos`, release 1.35.
pub(super) fn class(spec: &Value) -> &'static str {
    let of_pod = spec.get("resources").filter(|r| !r.is_null());
    let list = |name: &str| spec.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let of_containers: Vec<Option<&Value>> =
        list("containers").iter().chain(list("initContainers")).map(|c| c.get("resources")).collect();
    let parts = if of_pod.is_some() { vec![of_pod] } else { of_containers };
    let amount = |resources: Option<&Value>, kind: &str, name: &str| {
        let text = resources?.get(kind)?.get(name)?.as_str()?;
        Quantity::parse(text).ok().filter(|q| q.sign() != 0)
    };
    let any =
        |kind: &str| parts.iter().any(|r| ["cpu", "memory"].into_iter().any(|name| amount(*r, kind, name).is_some()));
    if !any("requests") && !any("limits") {
        return "BestEffort";
    }
    let limited = parts.iter().all(|r| ["cpu", "memory"].into_iter().all(|name| amount(*r, "limits", name).is_some()));
    let total = |kind: &str, name: &str| sum(&parts.iter().filter_map(|r| amount(*r, kind, name)).collect::<Vec<_>>());
    let equal = ["cpu", "memory"].into_iter().all(|name| match (total("requests", name), total("limits", name)) {
        (Some(requests), Some(limits)) => requests == limits,
        (None, limits) => limits.is_none(),
        (Some(_), None) => false,
    });
    let requested = ["cpu", "memory"].into_iter().all(|name| total("requests", name).is_some());
    if limited && requested && equal { "Guaranteed" } else { "Burstable" }
}

/// Several amounts together; none where there are none.
pub(super) fn sum(amounts: &[Quantity]) -> Option<Quantity> {
    amounts.iter().cloned().reduce(|a, b| amount::add(&a, &b))
}

#[cfg(test)]
mod tests {
    use proofmark_json::json;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(json!([{}]), "BestEffort")]
    #[case(json!([{"resources": {"requests": {"cpu": "1"}}}]), "Burstable")]
    #[case(json!([{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}}]), "Guaranteed")]
    #[case(json!([{"resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "1", "memory": "1Gi"}}}, {}]), "Burstable")]
    fn tells_the_class(#[case] containers: Value, #[case] want: &str) {
        assert_eq!(class(&json!({"containers": containers})), want);
    }
}
