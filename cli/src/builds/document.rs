//! Manifests as one kind of value, whether they are JSON or YAML.

use std::{borrow::Cow, collections::BTreeMap, path::Path};

use saphyr_parser::{Event, Parser, Tag};
use serde_json::{Map, Value};

use crate::io::{error::CliError, input};

/// Values in a document. A template of CloudFormation has at most 1 MB; aliases could make a small file large.
const MAX_VALUES: usize = 1_000_000;

/// Reads a manifest: JSON where the file is called so, YAML otherwise.
pub(super) fn read(path: &Path) -> Result<Value, CliError> {
    let bytes = input::read(path, "the manifest")?;
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let parsed = if is_json {
        serde_json::from_slice(&bytes).map_err(|error| Fault {
            line: error.line(),
            what: error.to_string(),
        })
    } else {
        yaml(&String::from_utf8_lossy(&bytes))
    };
    parsed.map_err(|Fault { line, what }| {
        CliError::new(
            format!("cannot use the manifest {}:{line}: {what}", path.display()),
            "build again, and push what the build made",
        )
    })
}

/// What is wrong with a document, and in which line.
struct Fault {
    line: usize,
    what: String,
}

/// A list or a mapping that has not come to its end.
struct Open {
    anchor: usize,
    tag: Option<String>,
    contents: Contents,
}

enum Contents {
    List(Vec<Value>),
    Mapping {
        members: Map<String, Value>,
        key: Option<String>,
    },
}

/// The first document of a YAML text. Scalars are text, whatever they look like: names are all that is read here.
fn yaml(text: &str) -> Result<Value, Fault> {
    let mut reader = Reader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Fault {
            line: error.marker().line(),
            what: error.info().to_owned(),
        })?;
        let took = reader.take(event);
        took.map_err(|what| Fault {
            line: span.start.line(),
            what,
        })?;
        if let Some(document) = reader.document.take() {
            return Ok(document);
        }
    }
    Ok(Value::Null)
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Value>,
    values: usize,
    document: Option<Value>,
}

impl Reader {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Scalar(text, _, anchor, tag) => {
                self.close(anchor, name(tag), Value::String(text.into_owned()))
            }
            Event::SequenceStart(anchor, tag) => {
                self.open(anchor, name(tag), Contents::List(Vec::new()));
                Ok(())
            }
            Event::MappingStart(anchor, tag) => {
                let members = Map::new();
                self.open(anchor, name(tag), Contents::Mapping { members, key: None });
                Ok(())
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else {
                    return Ok(());
                };
                let value = match open.contents {
                    Contents::List(elements) => Value::Array(elements),
                    Contents::Mapping { members, .. } => Value::Object(members),
                };
                self.close(open.anchor, open.tag, value)
            }
            Event::Alias(anchor) => {
                let value = self.anchors.get(&anchor).cloned().unwrap_or(Value::Null);
                // What is repeated counts as often as it is there.
                self.values = self.values.saturating_add(size(&value));
                self.close(0, None, value)
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, anchor: usize, tag: Option<String>, contents: Contents) {
        self.open.push(Open {
            anchor,
            tag,
            contents,
        });
    }

    /// A value is complete: it goes to what is around it.
    fn close(&mut self, anchor: usize, tag: Option<String>, value: Value) -> Result<(), String> {
        self.values = self.values.saturating_add(1);
        if self.values > MAX_VALUES {
            return Err(format!("there are more than {MAX_VALUES} values"));
        }
        // A short form of CloudFormation's, such as !Sub, is not the text behind it.
        let value = match tag {
            Some(tag) => Value::Object(Map::from_iter([(tag, value)])),
            None => value,
        };
        if anchor != 0 {
            self.anchors.insert(anchor, value.clone());
        }
        match self.open.last_mut().map(|open| &mut open.contents) {
            None => self.document = Some(value),
            Some(Contents::List(elements)) => elements.push(value),
            Some(Contents::Mapping { members, key }) => match (key.take(), value) {
                (None, Value::String(text)) => *key = Some(text),
                (None, _) => return Err("a key is not text".to_owned()),
                (Some(name), value) => {
                    if members.insert(name.clone(), value).is_some() {
                        return Err(format!("the key {name:?} is there twice"));
                    }
                }
            },
        }
        Ok(())
    }
}

/// The tag, unless it is one of YAML's own.
fn name(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    tag.filter(|tag| !tag.is_yaml_core_schema())
        .map(|tag| format!("!{}", tag.suffix))
}

/// How many values there are in a value, itself included.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(elements) => elements.iter().map(size).fold(1, usize::saturating_add),
        Value::Object(members) => members.values().map(size).fold(1, usize::saturating_add),
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn yaml_is_read_as_json_is() {
        let text = "a: &x {b: [1, 'two', !Sub \"${c}\"]}\nd: *x\ne:\n- !!str 3\n- ~\n";
        let inner = json!({"b": ["1", "two", {"!Sub": "${c}"}]});
        assert_eq!(
            yaml(text).ok(),
            Some(json!({"a": inner, "d": inner, "e": ["3", "~"]}))
        );
    }

    #[test]
    fn faults_name_their_line() {
        for (text, line) in [
            ("a: 1\nb: [1,\n", 3),
            ("a: 1\na: 2\n", 2),
            ("a: 1\n? [b]\n: 2\n", 2),
        ] {
            let fault = yaml(text).err().unwrap();
            assert_eq!(fault.line, line, "{text}: {}", fault.what);
        }
    }

    #[test]
    fn aliases_cannot_make_a_small_file_large() {
        let lines = (1..12).map(|level| {
            let before = format!("*a{}", level - 1);
            let list = [before.as_str(); 10].join(", ");
            format!("a{level}: &a{level} [{list}]\n")
        });
        let first = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        let text: String = std::iter::once(first).chain(lines).collect();
        assert!(yaml(&text).err().unwrap().what.contains("more than"));
    }
}
