//! Five scenes that show what the gate is for. Each step is reported only after it was observed
//! from outside: in a record, in a function's answer, in a page.

use std::time::Instant;

use serde_json::{Value, json};

use crate::{
    error::HarnessError,
    local_stack::{LocalStack, Protection, Upload},
    observer::{Observer, PATIENCE, Poll, wait_until},
    packages,
    session::text,
};

/// The function of the first three scenes, whose configuration enforces.
const DEMO: &str = "demo";
/// The function of the fourth and fifth, whose configuration warns.
const LENIENT: &str = "demo-warn";

/// A scene's title, and what happens in it.
pub type Scene = (&'static str, fn(&mut Demo<'_>) -> Result<(), HarnessError>);

/// The scenes in the order in which they build on each other.
pub const SCENES: [Scene; 5] = [
    (
        "A zip dropped into the bucket becomes the running code",
        good,
    ),
    ("A malformed zip is rejected, recorded and paged", malformed),
    (
        "A signed package, altered and pushed past the gate, is refused by Lambda and paged",
        tampered,
    ),
    (
        "Unsigned code pushed past the gate under Warn goes live, and is paged",
        unsigned,
    ),
    (
        "What no event tells is found: a lost upload is deployed, other code is paged",
        unheard,
    ),
];

/// What the scenes share.
pub struct Demo<'a> {
    stack: &'a LocalStack<'a>,
    observer: &'a dyn Observer,
    deployed: Option<Upload>,
    since: Instant,
}

impl<'a> Demo<'a> {
    /// Creates the demo functions, both with unsigned code of the time before the gate.
    pub fn open(
        stack: &'a LocalStack<'a>,
        observer: &'a dyn Observer,
    ) -> Result<Self, HarnessError> {
        let since = Instant::now();
        stack.create_function(DEMO, "before the gate", Protection::Enforce)?;
        stack.create_function(LENIENT, "before the gate", Protection::Warn)?;
        observer.seen(
            "two functions",
            &format!("{DEMO} (its code signing configuration enforces), {LENIENT} (warns)"),
            since.elapsed(),
        );
        Ok(Self {
            stack,
            observer,
            deployed: None,
            since: Instant::now(),
        })
    }

    /// Shows one scene.
    pub fn scene(&mut self, (_, scene): &Scene) -> Result<(), HarnessError> {
        self.since = Instant::now();
        scene(self)
    }

    fn seen(&mut self, step: &str, detail: &str) {
        self.observer.seen(step, detail, self.since.elapsed());
        self.since = Instant::now();
    }

    fn answers(&mut self, function: &str, words: &str) -> Result<(), HarnessError> {
        let said = self.stack.ask(function)?;
        if said != words {
            return Err(HarnessError::Surprise {
                expected: format!("{function} to answer {words:?}"),
                found: format!("it answered {said:?}"),
            });
        }
        self.seen("answers", &format!("{function} says {words:?}"));
        Ok(())
    }

    fn paged(&mut self, what: &str, words: &[&str]) -> Result<(), HarnessError> {
        let page = self
            .stack
            .pages
            .wait_for(self.observer, what, PATIENCE, |page| {
                words
                    .iter()
                    .all(|word| page.subject.contains(word) || page.text.contains(word))
            })?;
        self.seen("paged", &page.subject);
        self.observer.paged(&page);
        Ok(())
    }
}

fn good(demo: &mut Demo<'_>) -> Result<(), HarnessError> {
    let target = format!("functions/{DEMO}");
    let upload = demo
        .stack
        .drop_file(&target, &packages::function("signed and verified")?)?;
    demo.seen(
        "dropped",
        &format!("aws s3 cp … {target}.zip, version {}", upload.version),
    );
    let signing = demo
        .stack
        .wait_for_record(demo.observer, &upload, "signing")?;
    demo.seen(
        "signing",
        &format!(
            "job {}, profile {}",
            text(&signing, "/job")?,
            text(&signing, "/profile")?
        ),
    );
    let verdict = demo
        .stack
        .wait_for_record(demo.observer, &upload, "verdict")?;
    demo.seen("verified", &text(&verdict, "/decision")?);
    let outcome = demo
        .stack
        .wait_for_end(demo.observer, &upload, "deployed")?;
    demo.seen(
        "deployed",
        &format!(
            "version {}, {}",
            field(&outcome, "/deployed/version"),
            field(&outcome, "/message")
        ),
    );
    demo.deployed = Some(upload);
    demo.answers(DEMO, "signed and verified")
}

fn malformed(demo: &mut Demo<'_>) -> Result<(), HarnessError> {
    let target = format!("functions/{DEMO}");
    let upload = demo.stack.drop_file(&target, &packages::malformed())?;
    demo.seen(
        "dropped",
        &format!("aws s3 cp … {target}.zip, version {}", upload.version),
    );
    let outcome = demo
        .stack
        .wait_for_end(demo.observer, &upload, "rejected")?;
    let code = text(&outcome, "/code")?;
    demo.seen(
        "rejected",
        &format!("{code}: {}", field(&outcome, "/message")),
    );
    demo.paged("the page about the malformed zip", &[DEMO, &code])?;
    demo.answers(DEMO, "signed and verified")
}

fn tampered(demo: &mut Demo<'_>) -> Result<(), HarnessError> {
    let upload = demo
        .deployed
        .clone()
        .ok_or_else(|| HarnessError::Surprise {
            expected: "a signed package to alter".to_owned(),
            found: "the first scene left none".to_owned(),
        })?;
    let signed = demo.stack.signed_package(&upload)?;
    let altered = packages::altered(&signed, "altered by an intruder")?;
    match demo.stack.intrude(DEMO, &altered) {
        Err(HarnessError::Refused { code, message, .. }) if code.contains("CodeVerification") => {
            demo.seen("refused", &format!("Lambda: {message}"));
        }
        other => {
            return Err(HarnessError::Surprise {
                expected: "Lambda to refuse an altered package".to_owned(),
                found: format!("{other:?}"),
            });
        }
    }
    demo.paged("the page about the refused call", &[DEMO, "intruder"])?;
    demo.answers(DEMO, "signed and verified")
}

fn unsigned(demo: &mut Demo<'_>) -> Result<(), HarnessError> {
    let package = packages::function("unsigned")?;
    demo.stack.intrude(LENIENT, &package)?;
    demo.seen(
        "pushed",
        &format!("aws lambda update-function-code of {LENIENT}"),
    );
    let stack = demo.stack;
    wait_until(demo.observer, "the unsigned code", PATIENCE, || {
        Ok(match stack.ask(LENIENT)? {
            said if said == "unsigned" => Poll::Ready(()),
            said => Poll::Pending(said),
        })
    })?;
    demo.answers(LENIENT, "unsigned")?;
    demo.paged("the page about the unsigned code", &[LENIENT, "intruder"])
}

fn unheard(demo: &mut Demo<'_>) -> Result<(), HarnessError> {
    let (stack, observer) = (demo.stack, demo.observer);
    let control = |call: &str, body: Value| stack.root().call("control", call, body);
    stack.make_sweep_impatient()?;
    control(
        "POST faults",
        json!({"event": "s3.notification/*", "effect": "drop"}),
    )?;
    let target = format!("functions/{DEMO}");
    let package = packages::function("lost and found")?;
    let dropped = stack.drop_file(&target, &package);
    control("DELETE faults", json!({}))?;
    let upload = dropped?;
    demo.seen("dropped", "and S3's notification is lost");
    wait_until(observer, "sweep", PATIENCE, || {
        stack.fire("UnfinishedRule")?;
        Ok(match stack.record(&upload, "resent")? {
            Some(_) => Poll::Ready(()),
            None => Poll::Pending("it is too young".to_owned()),
        })
    })?;
    demo.seen("found", "sweep sends its event to the function sign again");
    stack.wait_for_end(observer, &upload, "deployed")?;
    demo.answers(DEMO, "lost and found")?;

    let target = format!("functions/{LENIENT}");
    let upload = stack.drop_file(&target, &packages::function("through the gate")?)?;
    stack.wait_for_end(observer, &upload, "deployed")?;
    control("PUT settings", json!({"trail_logs": false}))?;
    let intruded = stack.intrude(LENIENT, &packages::function("unsigned and unseen")?);
    control("PUT settings", json!({"trail_logs": true}))?;
    intruded?;
    demo.seen(
        "pushed",
        &format!("aws lambda update-function-code of {LENIENT}, while no trail logs"),
    );
    stack.fire("EverythingRule")?;
    demo.paged(
        "the page about the code that runs",
        &[LENIENT, "OTHER_CODE_RUNS"],
    )
}

fn field(document: &Value, pointer: &str) -> String {
    match document.pointer(pointer) {
        None | Some(Value::Null) => "none".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
