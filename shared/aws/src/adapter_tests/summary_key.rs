use countersign_gate::ports::SummarySigner;
use countersign_testkit::fake_aws::{FakeAws, exception, json};

use super::{call, is_denied, is_throttled, is_unavailable, is_unexpected, sent};
use crate::{SummaryKey, connection::tests::connection_to};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/7c9b";

fn key() -> (FakeAws, SummaryKey) {
    let fake = FakeAws::start().unwrap();
    let key = SummaryKey::new(connection_to(&fake.endpoint()), KEY.to_owned());
    (fake, key)
}

#[tokio::test]
async fn digest_is_signed_and_not_the_message() {
    let (fake, key) = key();
    let answer = format!(
        r#"{{"KeyId":"{KEY}","Signature":"MAYCAQECAQI=","SigningAlgorithm":"ECDSA_SHA_384"}}"#
    );
    fake.answers("kms:Sign", json(&answer));
    let signature = key.sign_summary([7; 48]).await.unwrap();
    assert_eq!(signature.key, KEY);
    assert_eq!(signature.bytes, [0x30, 6, 2, 1, 1, 2, 1, 2]);
    let sent = sent(&call(&fake, "kms:Sign"));
    assert_eq!(sent["KeyId"], KEY);
    assert_eq!(sent["MessageType"], "DIGEST");
    assert_eq!(sent["SigningAlgorithm"], "ECDSA_SHA_384");
    assert_eq!(sent["Message"], "BwcH".repeat(16));
}

/// Each of them leaves the outcome as it is: the message goes back to its queue.
#[tokio::test]
async fn trouble_with_the_key_is_told() {
    type Is = fn(&countersign_gate::ports::PortError) -> bool;
    let troubles: [(u16, &str, Is); 6] = [
        (400, "AccessDeniedException", is_denied),
        (400, "ThrottlingException", is_throttled),
        (500, "KMSInternalException", is_unavailable),
        (500, "KeyUnavailableException", is_unavailable),
        (400, "DisabledException", is_unexpected),
        (400, "NotFoundException", is_unexpected),
    ];
    for (status, name, is_it) in troubles {
        let (fake, key) = key();
        fake.answers("kms:Sign", exception(status, name, "no"));
        let error = key.sign_summary([7; 48]).await.unwrap_err();
        assert!(is_it(&error), "{name}: {error:?}");
    }
    let (fake, key) = key();
    fake.answers("kms:Sign", json(&format!(r#"{{"KeyId":"{KEY}"}}"#)));
    assert!(is_unexpected(&key.sign_summary([7; 48]).await.unwrap_err()));
}
