//! The settings that more than one function reads from its environment.

use std::fmt;

use countersign_gate::domain::Stack;

use super::environment::Environment;

/// The stack's names, and that there is a region: without one no call could be made.
pub fn stack(environment: &mut Environment<'_>) -> Option<Stack> {
    let name = stack_name(environment);
    let region = region(environment);
    let mut bucket = |name: &str, whose: &str| {
        environment.required(
            name,
            &format!("the name of the stack's {whose} bucket"),
            bucket_name,
        )
    };
    let uploads_bucket = bucket("COUNTERSIGN_UPLOADS_BUCKET", "uploads");
    let signed_bucket = bucket("COUNTERSIGN_SIGNED_BUCKET", "signed");
    let records_bucket = bucket("COUNTERSIGN_RECORDS_BUCKET", "records");
    region?;
    Some(Stack {
        name: name?,
        uploads_bucket: uploads_bucket?,
        signed_bucket: signed_bucket?,
        records_bucket: records_bucket?,
    })
}

/// The region that Lambda runs the function in, and calls are made to.
pub fn region(environment: &mut Environment<'_>) -> Option<String> {
    let meaning = "the stack's region (Lambda sets it)";
    environment.required("AWS_REGION", meaning, str::parse::<String>)
}

/// The stack's name: in metrics, in events, and in the names of the gate's own functions.
pub fn stack_name(environment: &mut Environment<'_>) -> Option<String> {
    let meaning = "the stack's name: a letter, then at most 127 letters, digits and hyphens";
    environment.required("COUNTERSIGN_STACK", meaning, |text| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let fits = text.len() <= 128 && text.starts_with(|c: char| c.is_ascii_alphabetic());
        checked(text, fits && text.chars().all(allowed), "a stack name")
    })
}

/// The bus that the gate's own events go to: `default` unless it is said otherwise.
pub fn event_bus(environment: &mut Environment<'_>) -> Option<String> {
    let meaning = "the name or ARN of an event bus";
    let bus = environment.optional("COUNTERSIGN_EVENT_BUS", meaning, |text| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "/.-_:".contains(c);
        checked(
            text,
            text.len() <= 1600 && text.chars().all(allowed),
            "an event bus",
        )
    })?;
    Some(bus.unwrap_or_else(|| "default".to_owned()))
}

/// How often the queue hands a message out before it gives it up: its `maxReceiveCount`.
pub fn max_receives(environment: &mut Environment<'_>) -> Option<u32> {
    let meaning = "the maxReceiveCount of the function's queue, 1 to 1000";
    environment.required("COUNTERSIGN_MAX_RECEIVES", meaning, |text| {
        text.parse()
            .ok()
            .filter(|count| (1..=1000).contains(count))
            .ok_or_else(|| Unfit {
                text: text.to_owned(),
                kind: "a count",
            })
    })
}

/// A setting that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    text: String,
    kind: &'static str,
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is not {}", self.text, self.kind)
    }
}

/// Takes `text` as it is when it `fits` its `kind`.
pub fn checked(text: &str, fits: bool, kind: &'static str) -> Result<String, Unfit> {
    if fits {
        Ok(text.to_owned())
    } else {
        Err(Unfit {
            text: text.to_owned(),
            kind,
        })
    }
}

/// Takes the name of a bucket.
pub fn bucket_name(text: &str) -> Result<String, Unfit> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let fits = (3..=63).contains(&text.len()) && text.chars().all(allowed);
    checked(text, fits, "a bucket name")
}

#[cfg(test)]
mod tests {
    use super::{super::environment::Variables, *};

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        pairs
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect()
    }

    #[test]
    fn a_stack_is_read_whole_or_with_all_its_faults() {
        let mut all = variables(&[
            ("AWS_REGION", "eu-west-1"),
            ("COUNTERSIGN_STACK", "gate"),
            ("COUNTERSIGN_UPLOADS_BUCKET", "gate-uploads"),
            ("COUNTERSIGN_SIGNED_BUCKET", "gate-signed"),
            ("COUNTERSIGN_RECORDS_BUCKET", "gate-records"),
            ("COUNTERSIGN_MAX_RECEIVES", "5"),
        ]);
        let mut environment = Environment::new(&all);
        let stack = stack(&mut environment).unwrap();
        assert_eq!(stack.name, "gate");
        assert_eq!(stack.records_bucket, "gate-records");
        assert_eq!(event_bus(&mut environment).as_deref(), Some("default"));
        assert_eq!(max_receives(&mut environment), Some(5));
        environment.finish(Some(())).unwrap();

        all.insert("COUNTERSIGN_STACK".to_owned(), "1gate".to_owned());
        all.insert(
            "COUNTERSIGN_UPLOADS_BUCKET".to_owned(),
            "s3://gate".to_owned(),
        );
        all.insert("COUNTERSIGN_EVENT_BUS".to_owned(), "my bus".to_owned());
        all.insert("COUNTERSIGN_MAX_RECEIVES".to_owned(), "0".to_owned());
        all.remove("AWS_REGION");
        let mut environment = Environment::new(&all);
        assert_eq!(super::stack(&mut environment), None);
        assert_eq!(event_bus(&mut environment), None);
        assert_eq!(max_receives(&mut environment), None);
        let error = environment.finish(None::<()>).unwrap_err().to_string();
        for fault in [
            "5 fault(s)",
            "COUNTERSIGN_STACK: \"1gate\" is not a stack name; set it to",
            "AWS_REGION: is not set; set it to the stack's region (Lambda sets it)",
            "COUNTERSIGN_UPLOADS_BUCKET: \"s3://gate\" is not a bucket name",
            "COUNTERSIGN_EVENT_BUS: \"my bus\" is not an event bus",
            "COUNTERSIGN_MAX_RECEIVES: \"0\" is not a count; set it to the maxReceiveCount",
        ] {
            assert!(error.contains(fault), "{fault} is not in {error}");
        }
    }
}
