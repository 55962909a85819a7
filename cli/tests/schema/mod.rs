//! The part of JSON Schema that the schemas in docs/schemas use. A word that is not known here fails.

use serde_json::Value;

/// Where the document is not as the schema says; empty when it is.
pub(crate) fn faults(schema: &Value, document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    judge(schema, schema, document, "$", &mut faults);
    faults
}

fn judge(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (word, rule) in schema.as_object().unwrap() {
        let holds = match word.as_str() {
            "$schema"
            | "title"
            | "description"
            | "$defs"
            | "properties"
            | "additionalProperties" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                judge(root, root.pointer(pointer).unwrap(), value, at, faults);
                true
            }
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|of| is_of(of, value)),
                one => is_of(one, value),
            },
            "required" => {
                // It is about objects; what else a value may be is said by its type.
                let mut names = rule.as_array().unwrap().iter();
                !value.is_object() || names.all(|name| value.get(name.as_str().unwrap()).is_some())
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    judge(root, rule, item, &format!("{at}[{index}]"), faults);
                }
                true
            }
            unknown => panic!("{unknown} is not known to this test"),
        };
        if !holds {
            faults.push(format!("{at}: {word}: {value}"));
        }
    }
    for (name, member) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{name}");
        match (
            schema["properties"].get(name),
            &schema["additionalProperties"],
        ) {
            (Some(rule), _) | (None, rule @ Value::Object(_)) => {
                judge(root, rule, member, &at, faults);
            }
            (None, Value::Bool(false)) => faults.push(format!("{at}: is not in the schema")),
            (None, _) => {}
        }
    }
}

fn is_of(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        unknown => panic!("the type {unknown} is not known to this test"),
    }
}
