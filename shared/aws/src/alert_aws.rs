//! What the function `alert` needs of AWS, in one value: no bucket but that of the records, and no Lambda.

use std::time::Duration;

use countersign_gate::ports::{
    Clock, Creation, Pager, PortError, RecordWithEtag, Records, Replacement, SnsMessage,
};
use jiff::Timestamp;

use crate::{
    adapters::{RecordsBucket, SnsTopic, SystemClock},
    connection::Connection,
    delegate::delegate,
};

/// The clock, the records bucket and the topic.
#[derive(Debug, Clone)]
pub struct AlertAws {
    clock: SystemClock,
    records: RecordsBucket,
    topic: SnsTopic,
}

impl AlertAws {
    /// AWS for the records bucket of this name and the topic of this ARN.
    #[must_use]
    pub fn new(connection: Connection, records_bucket: String, topic_arn: String) -> Self {
        Self {
            clock: SystemClock,
            records: RecordsBucket::new(connection.clone(), records_bucket),
            topic: SnsTopic::new(connection, topic_arn),
        }
    }
}

impl Clock for AlertAws {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn sleep(&self, duration: Duration) {
        self.clock.sleep(duration).await;
    }
}

delegate! { [] Records for [AlertAws] to records:
    fn read_record(path: &str) -> Option<Vec<u8>>;
    fn create_record(path: &str, body: &[u8]) -> Creation;
    fn replace_record(path: &str, body: &[u8]) -> ();
    fn read_record_with_etag(path: &str) -> Option<RecordWithEtag>;
    fn replace_record_as_seen(path: &str, body: &[u8], seen: Option<&RecordWithEtag>) -> Replacement;
    fn list_records(prefix: &str) -> Vec<String>;
    fn list_record_folders(prefix: &str) -> Vec<String>;
}

delegate! { [] Pager for [AlertAws] to topic:
    fn page(message: &SnsMessage) -> ();
}
