//! What is counted before it is read or worked on.

use serde_json::Value;

/// Longest credential that is read, in bytes.
pub const CREDENTIAL_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Most JSON values of a credential, whatever they are.
pub(crate) const VALUES_MAX: usize = 100_000;

/// At least as many as there are values in a JSON text: each but the first follows one of these bytes.
///
/// A count of bytes, in texts too if they hold such bytes, so the text is not yet believed to be JSON.
pub(crate) fn values_in_text(text: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (1, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// How many values there are in a value, itself included.
pub(crate) fn values(value: &Value) -> usize {
    match value {
        Value::Object(members) => 1 + members.values().map(values).sum::<usize>(),
        Value::Array(elements) => 1 + elements.iter().map(values).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_value_is_missed() {
        for value in [json!(1), json!([]), json!({"a,[": "\\\",{["}), json!([[1, {"a": [null, {}]}], "x"])] {
            let (text, expected) = (value.to_string(), values(&value));
            let found = values_in_text(text.as_bytes());
            assert!((expected..=2 * expected).contains(&found), "{text}: {found}");
        }
    }
}
