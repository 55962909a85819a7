//! A stack looked at from outside, for the command line: one adapter over the services that its parts are in.

use countersign_gate::ports::{
    AlarmSettings, BucketSettings, DescribedStack, GateFunctionSettings, KeySettings, PortError,
    QueueMapping, QueueSettings, RuleSettings, SimulatedAction, StackInspection, StackResource,
    Subscription, TrailSettings,
};

use super::{inspect_account, inspect_parts};
use crate::connection::Connection;

/// [`StackInspection`] over the services of AWS. It only reads.
#[derive(Debug, Clone)]
pub struct StackInspector {
    connection: Connection,
}

impl StackInspector {
    /// Looks into the connection's account and region.
    #[must_use]
    pub fn new(connection: Connection) -> Self {
        Self { connection }
    }
}

impl StackInspection for StackInspector {
    async fn described_stack(&self, name: &str) -> Result<Option<DescribedStack>, PortError> {
        inspect_account::stack(&self.connection, name).await
    }

    async fn stack_resources(&self, name: &str) -> Result<Vec<StackResource>, PortError> {
        inspect_account::resources(&self.connection, name).await
    }

    async fn gate_function(&self, name: &str) -> Result<Option<GateFunctionSettings>, PortError> {
        inspect_parts::function(&self.connection, name).await
    }

    async fn reserved_concurrency(&self, name: &str) -> Result<Option<i32>, PortError> {
        inspect_parts::concurrency(&self.connection, name).await
    }

    async fn queue_mappings(&self, function: &str) -> Result<Vec<QueueMapping>, PortError> {
        inspect_parts::mappings(&self.connection, function).await
    }

    async fn simulate(
        &self,
        role_arn: &str,
        actions: &[&str],
        resource: &str,
    ) -> Result<Vec<SimulatedAction>, PortError> {
        inspect_account::simulate(&self.connection, role_arn, actions, resource).await
    }

    async fn key_settings(&self, key: &str) -> Result<Option<KeySettings>, PortError> {
        inspect_account::key(&self.connection, key).await
    }

    async fn bucket_settings(&self, bucket: &str) -> Result<Option<BucketSettings>, PortError> {
        inspect_parts::bucket(&self.connection, bucket).await
    }

    async fn queue_settings(&self, url: &str) -> Result<Option<QueueSettings>, PortError> {
        inspect_parts::queue(&self.connection, url).await
    }

    async fn rule_settings(
        &self,
        bus: Option<&str>,
        rule: &str,
    ) -> Result<Option<RuleSettings>, PortError> {
        inspect_parts::rule(&self.connection, bus, rule).await
    }

    async fn subscriptions(&self, topic: &str) -> Result<Option<Vec<Subscription>>, PortError> {
        inspect_parts::subscriptions(&self.connection, topic).await
    }

    async fn subscription_filter(&self, subscription: &str) -> Result<Option<String>, PortError> {
        inspect_parts::subscription_filter(&self.connection, subscription).await
    }

    async fn alarms(&self, names: &[String]) -> Result<Vec<AlarmSettings>, PortError> {
        inspect_account::alarms(&self.connection, names).await
    }

    async fn trails(&self) -> Result<Vec<TrailSettings>, PortError> {
        inspect_account::trails(&self.connection).await
    }
}
