//! The adapters over a socket: the real SDK against the testkit's AWS. What is sent, how answers
//! are read, and what is not called.

mod attestations;
mod inventory;
mod lambda;
mod s3;
mod signer;
#[cfg(all(feature = "doctor", feature = "lookup"))]
mod stack_inspector;
#[cfg(feature = "summaries")]
mod summary_key;
mod versions;

use countersign_gate::{domain::Stack, ports::PortError};
use countersign_testkit::{fake_aws::FakeAws, http::Request};

use crate::{Aws, connection::tests::connection_to};

/// A fake AWS and the adapters that talk to it.
fn stack() -> (FakeAws, Aws) {
    let fake = FakeAws::start().unwrap();
    let stack = Stack {
        name: "gate".to_owned(),
        uploads_bucket: "uploads".to_owned(),
        signed_bucket: "signed".to_owned(),
        records_bucket: "records".to_owned(),
    };
    let aws = Aws::new(connection_to(&fake.endpoint()), stack, "default".to_owned());
    (fake, aws)
}

/// The one call of this name.
fn call(fake: &FakeAws, name: &str) -> Request {
    let mut calls = fake.calls();
    calls.retain(|call| call.name == name);
    assert_eq!(calls.len(), 1, "{:?}", fake.called());
    calls.remove(0).request
}

/// The JSON that a call sent.
fn sent(request: &Request) -> serde_json::Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn is_throttled(error: &PortError) -> bool {
    matches!(error, PortError::Throttled { .. })
}

fn is_denied(error: &PortError) -> bool {
    matches!(error, PortError::Denied { .. })
}

fn is_unavailable(error: &PortError) -> bool {
    matches!(error, PortError::Unavailable { .. })
}

fn is_unexpected(error: &PortError) -> bool {
    matches!(error, PortError::Unexpected { .. })
}
