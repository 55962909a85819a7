//! Logs: one flat JSON object a line on standard output, the fields of all spans around an event at
//! its top level. `requestId` and `level` are named as Lambda's own log format names them, so the
//! console and Logs Insights find them without a parse rule.

use std::{
    fmt,
    io::{self, Write},
};

use countersign_gate::ports::Clock;
use serde_json::{Map, Value};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::{Context, SubscriberExt},
    registry::{LookupSpan, Scope},
    util::SubscriberInitExt,
};

use super::environment::Variables;
use crate::adapters::SystemClock;

/// What Lambda sets from the function's logging configuration (`ApplicationLogLevel`).
const LEVEL_VARIABLE: &str = "AWS_LAMBDA_LOG_LEVEL";
/// Where lines of ours come from: the crates, whose names begin so, and the functions.
const OWN_LOG_TARGETS: [&str; 5] = ["countersign", "sign", "deploy", "alert", "sweep"];

/// Starts logging for the process, once; a second call changes nothing.
pub(super) fn start(variables: &Variables) {
    let level = level(variables.get(LEVEL_VARIABLE).map(String::as_str));
    let lines = JsonLines { out: io::stdout };
    let _already = tracing_subscriber::registry()
        .with(filter(level))
        .with(lines)
        .try_init();
}

/// What is written at this level.
fn filter(level: LevelFilter) -> Targets {
    // Below us, only what is wrong is of interest unless somebody is looking for it.
    let below = if level < LevelFilter::DEBUG {
        level.min(LevelFilter::WARN)
    } else {
        level
    };
    OWN_LOG_TARGETS
        .iter()
        .fold(Targets::new().with_default(below), |targets, name| {
            targets.with_target(*name, level)
        })
}

fn level(text: Option<&str>) -> LevelFilter {
    match text {
        Some("TRACE") => LevelFilter::TRACE,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some("WARN") => LevelFilter::WARN,
        Some("ERROR" | "FATAL") => LevelFilter::ERROR,
        _ => LevelFilter::INFO,
    }
}

/// A layer that writes each event as one line.
struct JsonLines<O> {
    out: O,
}

/// The fields of one span, kept with it.
struct Fields(Map<String, Value>);

impl<S, O, W> Layer<S> for JsonLines<O>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Fn() -> W + 'static,
    W: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut fields = Map::new();
        attributes.record(&mut Collect(&mut fields));
        span.extensions_mut().insert(Fields(fields));
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(Fields(fields)) = span.extensions_mut().get_mut() {
            record.record(&mut Collect(fields));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), SystemClock.now().to_string().into());
        line.insert(
            "level".to_owned(),
            level_name(*event.metadata().level()).into(),
        );
        // From the outermost span inwards, so that the nearest value of a name stays.
        for span in context
            .event_scope(event)
            .into_iter()
            .flat_map(Scope::from_root)
        {
            if let Some(Fields(fields)) = span.extensions().get() {
                line.extend(fields.clone());
            }
        }
        event.record(&mut Collect(&mut line));
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // There is no better place to report a log that cannot be written.
        let _lost = (self.out)().write_all(text.as_bytes());
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::TRACE => "TRACE",
        Level::DEBUG => "DEBUG",
        Level::INFO => "INFO",
        Level::WARN => "WARN",
        Level::ERROR => "ERROR",
    }
}

/// Turns fields into JSON values; numbers and truth values keep their type.
struct Collect<'a>(&'a mut Map<String, Value>);

impl Collect<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Collect<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use countersign_testkit::checkout;
    use tracing::{field::Empty, info, info_span, warn};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let buffer = Buffer::default();
        let out = buffer.clone();
        let lines = JsonLines {
            out: move || out.clone(),
        };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), work);
        let bytes = buffer.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn line_carries_the_fields_of_its_spans() {
        let lines = logged(|| {
            let span = info_span!("message", requestId = "r-1", upload = Empty, n = 1);
            let _guard = span.enter();
            info!("before");
            span.record("upload", "functions/orders.zip");
            let inner = info_span!("inner", n = 2);
            let _guard = inner.enter();
            warn!(job = %"j-1", done = true, "a \"quoted\"\nline");
        });
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0]["message"], "before");
        assert_eq!(lines[0]["requestId"], "r-1");
        assert_eq!(lines[0].get("upload"), None);
        assert_eq!(lines[1]["upload"], "functions/orders.zip");
        assert_eq!(lines[1]["job"], "j-1");
        assert_eq!(lines[1]["done"], true);
        assert_eq!(lines[1]["n"], 2);
        assert_eq!(lines[1]["level"], "WARN");
        assert_eq!(lines[1]["message"], "a \"quoted\"\nline");
        let timestamp = lines[1]["timestamp"].as_str().unwrap();
        assert!(timestamp.parse::<jiff::Timestamp>().is_ok(), "{timestamp}");
    }

    #[test]
    fn every_function_says_what_it_does() {
        let filter = filter(LevelFilter::INFO);
        let folders = std::fs::read_dir(checkout::path("functions")).unwrap();
        let mut functions = 0;
        for folder in folders {
            let name = folder.unwrap().file_name();
            let name = name.to_str().unwrap();
            assert!(filter.would_enable(name, &Level::INFO), "{name}");
            functions += 1;
        }
        assert_eq!(functions, 4);
        assert!(filter.would_enable("countersign_gate::sweep", &Level::INFO));
        assert!(filter.would_enable("hyper", &Level::WARN));
        assert!(!filter.would_enable("hyper", &Level::INFO));
    }

    #[test]
    fn level_is_what_lambda_sets() {
        assert_eq!(level(Some("DEBUG")), LevelFilter::DEBUG);
        assert_eq!(level(Some("FATAL")), LevelFilter::ERROR);
        assert_eq!(level(Some("nonsense")), LevelFilter::INFO);
        assert_eq!(level(None), LevelFilter::INFO);
    }
}
